import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleOptionsFactory } from '@nestjs/common';
import type { VaultKeyAdminModuleOptions } from './vault-key-admin.options';

/** What a class given as `useClass` or `useExisting` implements. */
export type VaultKeyAdminModuleOptionsFactory = ConfigurableModuleOptionsFactory<
  VaultKeyAdminModuleOptions,
  'createVaultKeyAdminOptions'
>;

export const {
  ConfigurableModuleClass: ConfigurableAdminModule,
  MODULE_OPTIONS_TOKEN: VAULT_KEY_ADMIN_MODULE_OPTIONS,
  OPTIONS_TYPE: ADMIN_OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE: ADMIN_ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<VaultKeyAdminModuleOptions>({ moduleName: 'VaultKeyAdmin' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createVaultKeyAdminOptions')
  .build();
