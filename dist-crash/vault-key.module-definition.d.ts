import type { ConfigurableModuleOptionsFactory } from '@nestjs/common';
import type { VaultKeyModuleOptions } from './vault-key.options';
/** What the options of `forRoot` and `forRootAsync` say about the module itself. */
export interface VaultKeyModuleExtras {
    /**
     * Whether every module can inject the services without importing `VaultKeyModule`.
     *
     * @default true
     */
    isGlobal?: boolean | undefined;
}
/**
 * What a class given as `useClass` or `useExisting` implements.
 *
 * @example
 * class VaultKeyConfig implements VaultKeyModuleOptionsFactory {
 *   constructor(private readonly config: ConfigService) {}
 *
 *   createVaultKeyOptions(): VaultKeyModuleOptions {
 *     const url = this.config.getOrThrow<string>('KEYBRAKE_URL');
 *     return { broker: { url, token: this.config.getOrThrow<string>('KEYBRAKE_TOKEN') } };
 *   }
 * }
 */
export type VaultKeyModuleOptionsFactory = ConfigurableModuleOptionsFactory<VaultKeyModuleOptions, 'createVaultKeyOptions'>;
export declare const ConfigurableModuleClass: import("@nestjs/common", { with: { "resolution-mode": "import" } }).ConfigurableModuleCls<VaultKeyModuleOptions, "forRoot", "createVaultKeyOptions", VaultKeyModuleExtras>, VAULT_KEY_MODULE_OPTIONS: string | symbol, OPTIONS_TYPE: VaultKeyModuleOptions & Partial<VaultKeyModuleExtras>, ASYNC_OPTIONS_TYPE: import("@nestjs/common", { with: { "resolution-mode": "import" } }).ConfigurableModuleAsyncOptions<VaultKeyModuleOptions, "createVaultKeyOptions"> & Partial<VaultKeyModuleExtras>;
