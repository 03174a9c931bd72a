import type { Broker } from '../broker';
import type { Operators } from '../operators/operators';
import { TokenCallers } from './callers/token-callers';
import { FailedLogIns } from './failed-log-ins';
import { LogIn } from './log-in';
import type { ManagementOptions } from './management';
import { ManagementTokens } from './management-tokens';
import { PageLogIn } from './sessions/page-log-in';
import type { Site } from './site';

type Access = Pick<ManagementOptions, 'callers' | 'pageLogIn'>;

/** Lets in who has the application's token or an operator's. */
export function tokenAccess(broker: Broker, tokens: ManagementTokens, site: Site): Access {
  return accessOf(broker, tokens, broker.operators, site);
}

/** Lets in operators alone: the application around the broker has no token. */
export function operatorsAlone(broker: Broker, operators: Operators, site: Site): Access {
  return accessOf(broker, new ManagementTokens([]), operators, site);
}

function accessOf(
  broker: Broker,
  tokens: ManagementTokens,
  operators: Operators,
  site: Site,
): Access {
  const failures = new FailedLogIns();
  const pageLogIn = new PageLogIn({
    sessions: broker.pageSessions,
    site,
    failures,
    userOf: (tokenHash, remoteAddress) => {
      const operator = operators.byTokenHash(tokenHash, remoteAddress);
      if (operator !== undefined || operators.areConfigured) return operator;
      return tokens.hasHash(tokenHash) ? operators.app(remoteAddress) : undefined;
    },
  });
  return {
    pageLogIn,
    callers: new TokenCallers(new LogIn(tokens, operators, failures), pageLogIn),
  };
}
