/**
 * What an account of Alpaca sees: its keys, its feed, and how late prices come.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { EpochMs } from '../contract/time.ts'
import type { HttpProviderOptions, Keys, PageContext } from './http/define.ts'

/** Where prices come from; each is a source of its own. */
export type AlpacaFeed = 'sip' | 'iex' | 'otc' | 'boats'

/** Options of {@link alpaca}. */
export interface AlpacaOptions extends HttpProviderOptions {
  /** `sip` is the whole market; `iex` holds two or three percent of its volume. @default 'sip' */
  readonly feed?: AlpacaFeed
  /** Milliseconds that the plan holds prices of shares back. @default 900000, as free plans do */
  readonly delayMs?: number
}

/** Where the history of shares begins. */
export const ALPACA_HISTORY_START_MS: EpochMs = Date.UTC(2016, 0, 1)

const FREE_DELAY_MS = 15 * 60_000
// The border moves while a request is on its way.
const DELAY_MARGIN_MS = 30_000

const FEEDS: readonly AlpacaFeed[] = ['sip', 'iex', 'otc', 'boats']

/** The name of the source that a feed is. @throws {ConfigError} `config/option` for a feed that there is not */
export function sourceOfFeed(feed: AlpacaFeed): string {
  if (!FEEDS.includes(feed)) {
    throw new ConfigError('config/option', `feed: ${JSON.stringify(feed)} is none of ${FEEDS.join(' ')}`, {
      field: 'feed',
      value: feed,
    })
  }
  return feed === 'sip' ? 'alpaca' : `alpaca-${feed}`
}

/** End of what the plan shows of a range now; coins come without delay. */
export function visibleEndMs({ symbol, range, nowMs, options }: PageContext<unknown, AlpacaOptions>): EpochMs {
  const delayMs = symbol.includes('/') ? 0 : (options.delayMs ?? FREE_DELAY_MS)
  return delayMs === 0 ? range.endMs : Math.min(range.endMs, nowMs - delayMs - DELAY_MARGIN_MS)
}

/** The two halves of the key. */
export function alpacaHeaders(keys: Keys): Readonly<Record<string, string>> {
  return { 'apca-api-key-id': keys['apiKey'] as string, 'apca-api-secret-key': keys['secretKey'] as string }
}
