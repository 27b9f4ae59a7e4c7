/**
 * For sources that answer for a symbol they do not know as for a range without rows: an answer without any row proves
 * nothing until the source was asked whether it knows the symbol.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { Classify, HttpResponse } from '../contract/http.ts'
import type { Page } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type HttpProviderSpec,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { classifyByStatus } from './http/status.ts'

/**
 * What a source says of a symbol. `ask again`: it has another list to look into. `unclear`: it did not say, so its
 * answer without rows proves nothing.
 */
export type Verdict = 'known' | 'unknown' | 'ask again' | 'unclear'

/** One cheap question: is this symbol known? Two pure functions. */
export interface SymbolQuestion<Options extends HttpProviderOptions = HttpProviderOptions> {
  /** Is an unknown symbol of this kind answered like a range without rows? @default of every kind */
  isNeeded?(context: PageContext<unknown, Options>): boolean
  /**
   * The request of a step, counted from 0; null where there is no such question for this symbol.
   * @param context its cursor is of no use here
   */
  toRequest(context: PageContext<unknown, Options>, step: number): PageRequest | null
  read(body: unknown, context: PageContext<unknown, Options>, step: number): Verdict
}

/** Where the pages stand: those without a row so far are held back as one. */
export interface Confirming<Cursor> {
  /** What the page before handed over. */
  readonly inner?: Cursor | undefined
  /** The pages so far, none of which had a row; absent once one had. */
  readonly held?: Page | undefined
  /** Step of the question that is asked next. */
  readonly step?: number
}

const isEmpty = ({ startMs, endMs }: Range): boolean => startMs >= endMs

/** Two ranges that touch, as one; of others the second. */
function joined(a: Range, b: Range): Range {
  if (isEmpty(a)) return b
  if (isEmpty(b)) return a
  const isTouching = a.startMs <= b.endMs && b.startMs <= a.endMs
  return isTouching ? { startMs: Math.min(a.startMs, b.startMs), endMs: Math.max(a.endMs, b.endMs) } : b
}

/** What a held page looks like from outside: no rows, and nothing proven. */
const unproven = ({ columns }: Page, { startMs }: Range): Page => ({ columns, proven: { startMs, endMs: startMs } })

/** A question that an account may not ask is no refusal of the range. */
const MUTE: ReadonlySet<unknown> = new Set(['provider/forbidden', 'provider/unsupported'])

const bearing =
  (classify: Classify = classifyByStatus): Classify =>
  (response) => {
    const failure = classify(response)
    return MUTE.has((failure as { code?: unknown } | null)?.code) ? null : failure
  }

/** The same two functions, which ask whether a symbol is known before a range without rows counts as proven empty. */
function confirmingSymbols<Cursor, Options extends HttpProviderOptions>(
  spec: HttpProviderSpec<Cursor, Options>,
  question: SymbolQuestion<Options>,
): HttpProviderSpec<Confirming<Cursor>, Options> {
  type Context = PageContext<Confirming<Cursor>, Options>
  type Answer = PageAnswer<Confirming<Cursor>>

  /** Asks the question of a step, or leaves the answer unproven where there is none. */
  const ask = (held: Page, context: Context, step: number): Answer => {
    const hasQuestion = question.toRequest(context, step) !== null
    return { ...unproven(held, context.range), ...(hasQuestion ? { next: { held, step } } : {}) }
  }

  const classify = bearing(spec.classify)

  const answered = ({ body, status }: HttpResponse, context: Context, held: Page, step: number): Answer => {
    const verdict = status < 400 ? question.read(body, context, step) : 'unclear'
    if (verdict === 'known') return held
    if (verdict === 'ask again') return ask(held, context, step + 1)
    if (verdict === 'unclear') return unproven(held, context.range)
    const { symbol } = context.series
    const message = `knows no ${symbol}: mend its spelling, or name another provider; an answer without rows proves nothing of it`
    throw new ProviderError('provider/not-found', message, { field: 'symbol', value: symbol })
  }

  return {
    ...spec,
    toRequest(context) {
      const { step, inner } = context.cursor ?? {}
      if (step === undefined) return spec.toRequest({ ...context, cursor: inner })
      return { ...(question.toRequest(context, step) as PageRequest), classify }
    },
    async toPage(body, context, response) {
      const { cursor } = context
      if (cursor?.step !== undefined) return answered(response, context, cursor.held as Page, cursor.step)
      const { next, ...page } = await spec.toPage(body, { ...context, cursor: cursor?.inner }, response)
      // That an instrument had no event is common, and says nothing of its symbol: its bars are what is asked about.
      const isSure = context.series.schema === 'actions' || question.isNeeded?.(context) === false
      const hadRows = isSure || (cursor !== undefined && cursor.held === undefined)
      const soFar = cursor?.held === undefined ? page : { ...page, proven: joined(cursor.held.proven, page.proven) }
      if (hadRows || page.columns.timestamp.length > 0)
        return { ...soFar, next: next === undefined ? undefined : { inner: next } }
      if (next !== undefined) return { ...unproven(page, context.range), next: { inner: next, held: soFar } }
      return isEmpty(soFar.proven) ? soFar : ask(soFar, context, 0)
    },
  }
}

/**
 * Makes a provider of a source that does not tell an unknown symbol from a range without rows: where it sent no row at
 * all it is asked once whether it knows the symbol. If not, `provider/not-found`; if it does not say, nothing is proven.
 */
export function defineConfirmingProvider<Cursor, Options extends HttpProviderOptions = HttpProviderOptions>(
  spec: HttpProviderSpec<Cursor, Options>,
  question: SymbolQuestion<Options>,
): HttpProviderFactory<Options> {
  return defineHttpProvider(confirmingSymbols(spec, question))
}
