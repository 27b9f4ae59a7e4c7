/**
 * Does FMP know a symbol? Every list is empty for one that does not exist.
 * Source: https://site.financialmodelingprep.com/developer/docs/stable/historical-price-eod-light
 * @module
 */
import { DAY_MS } from '../contract/time.ts'
import type { SymbolQuestion } from './known-symbol.ts'
import { dayText } from './stamps.ts'

/** Where a plan has no border: more than any list holds. */
const LONGEST_REACH_MS = 36_525 * DAY_MS

/** Asks for every day that the plan shows: shares, indices and pairs all have days, and a free key may ask for them. */
export const FMP_QUESTION: SymbolQuestion = {
  toRequest({ baseUrl, symbol, keys, capabilities, nowMs }) {
    const startMs = nowMs - (capabilities.historyMs?.['1d'] ?? LONGEST_REACH_MS)
    const query = new URLSearchParams({ symbol, from: dayText(startMs), to: dayText(nowMs) })
    const headers = { apikey: keys['apiKey'] as string }
    return { url: `${baseUrl}/historical-price-eod/light?${query}`, headers, as: 'json', cacheable: true }
  },
  read(body) {
    if (!Array.isArray(body)) return 'unclear'
    // Silence twice is no statement: a share that was delisted before the plan's reach is answered like one that never was.
    return body.length === 0 ? 'unclear' : 'known'
  },
}
