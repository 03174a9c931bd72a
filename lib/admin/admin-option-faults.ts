import { mountPathFault, publicUrlFault } from '../broker/http/public-url';
import { operatorFaults } from '../broker/operators/operator.options';
import { isRecord } from '../contract/is-record';
import type { StartUpIssue } from '../vault-key/vault-key-start-up.exception';
import type { VaultKeyAdminModuleOptions } from './vault-key-admin.options';

const NAME = 'VaultKeyAdminModule';
const OPTIONS: readonly (keyof VaultKeyAdminModuleOptions)[] = [
  'path',
  'operators',
  'authorize',
  'publicUrl',
  'behindTls',
];
const EXAMPLE =
  "VaultKeyAdminModule.forRoot({ path: '/vault-keys', authorize: (request) => operatorOf(request.session) })";

/** Where the mount is unless the options say otherwise. */
export const DEFAULT_PATH = '/vault-keys';

/** Everything wrong with the options of the admin module. */
export function adminOptionFaults(options: unknown): StartUpIssue[] {
  if (!isRecord(options)) {
    return [{ where: NAME, message: 'must be given an object of options', example: EXAMPLE }];
  }
  const faults: StartUpIssue[] = Object.keys(options)
    .filter((name) => !(OPTIONS as readonly string[]).includes(name))
    .map((name) => ({
      where: `${NAME}.${name}`,
      message: `is not a known option (known: ${OPTIONS.join(', ')})`,
    }));
  const fault = (name: string, message: string | undefined, example?: string): void => {
    if (message === undefined) return;
    faults.push({
      where: `${NAME}.${name}`,
      message,
      ...(example === undefined ? {} : { example }),
    });
  };
  const { path = DEFAULT_PATH, operators, authorize, publicUrl, behindTls = false } = options;
  fault('path', mountPathFault(path));
  if ((operators === undefined) === (authorize === undefined)) {
    const message =
      operators === undefined
        ? 'must be given one of operators and authorize: they say who may look and who may change'
        : 'must be given one of operators and authorize, and is given both';
    faults.push({ where: NAME, message, example: EXAMPLE });
  }
  if (operators !== undefined) {
    operatorFaults(operators, (place, message) => fault(place, message));
    if (Array.isArray(operators) && operators.length === 0) {
      fault('operators', 'must hold at least one operator: nobody could log in');
    }
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    fault('authorize', 'must be a function that is given the request', EXAMPLE);
  }
  if (publicUrl !== undefined) {
    fault('publicUrl', publicUrlFault(publicUrl), "publicUrl: 'https://app.example.com'");
  }
  if (typeof behindTls !== 'boolean') fault('behindTls', 'must be true or false');
  return faults;
}
