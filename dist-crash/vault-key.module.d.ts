import type { DynamicModule } from '@nestjs/common';
import { ConfigurableModuleClass } from './vault-key.module-definition';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './vault-key.module-definition';
/**
 * Gives every handler marked with `@AgentTool` a short-lived, capped vault key for each run.
 * Imported twice with the same options it does what it does once.
 */
export declare class VaultKeyModule extends ConfigurableModuleClass {
    /**
     * Configures the module with what is known when the file is loaded.
     *
     * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
     * @example
     * VaultKeyModule.forRoot({
     *   broker: { url: 'https://broker.example.com', token: process.env.KEYBRAKE_TOKEN },
     * })
     *
     * @example
     * // the broker in this process, without an account anywhere
     * VaultKeyModule.forRoot({
     *   embedded: { vendors: { stripe: { secretKey: process.env.STRIPE_SECRET_KEY } } },
     * })
     */
    static forRoot(options?: typeof OPTIONS_TYPE): DynamicModule;
    /**
     * Configures the module with what other providers know: `useFactory` with `inject`, or a class
     * with a method `createVaultKeyOptions` as `useClass` or `useExisting`.
     *
     * @throws VaultKeyStartUpException when the application starts, with every fault of the options.
     * @example
     * VaultKeyModule.forRootAsync({
     *   inject: [ConfigService],
     *   useFactory: (config: ConfigService) => ({
     *     broker: { url: config.getOrThrow('KEYBRAKE_URL'), token: config.getOrThrow('KEYBRAKE_TOKEN') },
     *   }),
     * })
     */
    static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule;
}
