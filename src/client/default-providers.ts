/**
 * Who is asked where nobody is named: every keyless source, and each keyed one whose variable is set.
 * @module
 */
import type { Provider } from '../contract/provider.ts'
import { binance, yahoo } from '../providers/index.ts'

/** The sources of a client without the option `providers`. */
export function defaultProviders(_env: Readonly<Record<string, string | undefined>>): readonly Provider[] {
  return [binance(), yahoo()]
}
