/**
 * Where the prices of Alpaca come from.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'

/** Where prices come from; each is a source of its own. */
export type AlpacaFeed = 'sip' | 'iex' | 'otc' | 'boats'

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
