/**
 * One schema of a Binance interface: how it is asked for and what its answers hold.
 * @module
 */
import type { KlineCursor } from './binance-klines.ts'
import type { HttpProviderOptions, PageAnswer, PageContext, PageRequest } from './http/define.ts'

/** The two pure functions of one schema. */
export interface Endpoint<Options extends HttpProviderOptions = HttpProviderOptions> {
  toRequest(context: PageContext<KlineCursor, Options>): PageRequest
  /** @throws {ProviderError} `provider/response` for a shape that is not known */
  toPage(body: unknown, context: PageContext<KlineCursor, Options>): PageAnswer<KlineCursor>
}
