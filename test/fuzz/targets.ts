import type { FuzzTarget } from './target';
import { amount } from './targets/amount';
import { form, json } from './targets/body';
import { expiresIn } from './targets/expires-in';
import { path } from './targets/path';
import { pattern } from './targets/pattern';
import { token } from './targets/token';

/** Every parser that reads what a stranger wrote. */
export const targets: readonly FuzzTarget[] = [path, pattern, form, json, amount, token, expiresIn];
