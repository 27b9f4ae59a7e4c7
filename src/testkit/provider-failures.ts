/**
 * What a provider must do with answers that are not good: wrong units, refusals, rubbish, aborts.
 * @module
 */
import { hasCode, isDataClientError } from '../contract/errors.ts'
import { type Interval, INTERVALS } from '../contract/interval.ts'
import type { Vendor, VendorAnswer } from './fake-http.ts'
import { type Case, type Stage, codeOf, fetchPages, inside, provenOf, vendorOf } from './provider-model.ts'
import { check, checkSame } from './storage-checks.ts'

const shifted = (stage: Stage, factor: number): Vendor => {
  const vendor = vendorOf(stage.model, stage.bars)
  return (url, headers) => {
    const query = stage.model.read(url, headers)
    const bars = inside(stage.bars, query).map((bar) => ({ ...bar, timeMs: bar.timeMs * factor }))
    return bars.length === 0 ? vendor(url, headers) : stage.model.write(bars, query, false, url)
  }
}

export const FAILURES: readonly Case[] = [
  ...(
    [
      ['seconds for milliseconds', 1e-3],
      ['microseconds for milliseconds', 1e3],
    ] as const
  ).map(([what, factor]): Case => ({
    name: `refuses an answer in wrong units: ${what}`,
    // A date as text cannot be written in other units, and not that far ahead.
    needs: ({ model, bars, range }) => {
      try {
        return (
          JSON.stringify(
            model.write(
              inside(bars, range).map((bar) => ({ ...bar, timeMs: bar.timeMs * factor })),
              range,
              false,
              new URL('https://vendor.test'),
            ),
          ).includes('null') === false
        )
      } catch {
        return false
      }
    },
    body: async (stage) => {
      const code = await codeOf(fetchPages(stage, stage.range, shifted(stage, factor)))
      check(code === 'provider/units' || code === 'provider/response', `wrong units became ${code}`)
    },
  })),
  ...(['not-found', 'unauthorized', 'forbidden', 'quota', 'unsupported'] as const).map((failure): Case => ({
    name: `names the failure ${failure}, also under status 200`,
    needs: ({ model }) => model.failures?.[failure] !== undefined,
    body: async (stage) => {
      const answer = stage.model.failures?.[failure] as VendorAnswer
      checkSame(await codeOf(fetchPages(stage, stage.range, () => answer)), `provider/${failure}`, 'code')
    },
  })),
  {
    name: 'asks again after a refusal for the moment',
    needs: ({ model }) => model.failures?.['rate-limited'] !== undefined,
    body: async (stage) => {
      const refusal = stage.model.failures?.['rate-limited'] as VendorAnswer
      checkSame(await codeOf(fetchPages(stage, stage.range, () => refusal)), 'provider/rate-limited', 'code')
      const vendor = vendorOf(stage.model, stage.bars)
      let answers = 0
      const pages = await fetchPages(stage, stage.range, (url, headers) =>
        answers++ === 0 ? refusal : vendor(url, headers),
      )
      checkSame(provenOf(pages), [stage.range], 'proven')
    },
  },
  ...(
    [
      ['a web page under 200', { body: '<!doctype html><html><body>Please wait</body></html>' }],
      ['nothing under 200', { body: '' }],
      ['a failing server', { status: 500, body: 'oops' }],
      ['a redirect to another host', { status: 302, headers: { location: 'https://elsewhere.test/' }, body: '' }],
      ['an answer of another shape', { body: { unexpected: [1, 2, 3] } }],
      ['a list instead of an object', { body: [1, 2, 3] }],
      ['null', { body: null }],
    ] as const
  ).map(([what, answer]): Case => ({
    name: `takes ${what} as a failure, never as an empty answer`,
    body: async (stage) => {
      const code = await codeOf(fetchPages(stage, stage.range, () => answer))
      check(code.startsWith('provider/'), `it became: ${code}`)
    },
  })),
  {
    name: 'takes a truncated body as a failure and asks again',
    body: async (stage) => {
      const vendor = vendorOf(stage.model, stage.bars)
      const cut: Vendor = (url, headers) => {
        const answer = vendor(url, headers)
        const body =
          typeof answer.body === 'string' || answer.body instanceof Uint8Array
            ? answer.body
            : JSON.stringify(answer.body)
        return { ...answer, body: body.slice(0, Math.floor(body.length * 0.6)) }
      }
      const code = await codeOf(fetchPages(stage, stage.range, cut))
      check(code.startsWith('provider/'), `it became: ${code}`)
    },
  },
  {
    name: 'names its provider and its symbol, and shows no secret',
    body: async (stage) => {
      const { secret } = stage.model
      for (const status of [400, 401, 403, 404, 429, 500]) {
        try {
          await fetchPages(stage, stage.range, (url) => ({ status, body: { message: `${url.href} ${secret ?? ''}` } }))
        } catch (error) {
          check(isDataClientError(error), `status ${status} became ${String(error)}`)
          checkSame(error.provider, stage.provider.name, 'provider')
          const shown = `${error.stack ?? ''}${JSON.stringify(error)}${String(error.cause)}`
          check(secret === undefined || !shown.includes(secret), 'the error shows the secret')
        }
      }
    },
  },
  {
    name: 'refuses what it does not serve before asking',
    body: async (stage) => {
      const missing = (Object.keys(INTERVALS) as Interval[]).find(
        (name) => stage.provider.capabilities.intervals[name] === undefined,
      )
      if (missing === undefined) return
      const model = { ...stage.model, interval: missing }
      const asked = (): never => {
        throw new Error('it asked')
      }
      checkSame(await codeOf(fetchPages({ ...stage, model }, stage.range, asked)), 'provider/unsupported', 'code')
    },
  },
  {
    name: 'rejects with the reason of an abort and asks no more',
    body: async (stage) => {
      const controller = new AbortController()
      const reason = new Error('enough')
      let answers = 0
      const work = fetchPages(
        stage,
        stage.range,
        () => ({ status: (answers++, controller.abort(reason), 500), body: '' }),
        controller.signal,
      )
      const caught = await work.then(
        () => null,
        (error: unknown) => error,
      )
      check(caught === reason, `an abort became ${String(caught)}`)
      checkSame(answers, 1, 'requests')
      check(!hasCode(caught, 'provider/network'), 'an abort is no failure of the network')
    },
  },
]
