/** The wire of tests, mocked: recordings by their address; a request that nobody expects fails its test. */
import { http } from 'msw'
import { type SetupServer, setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type Recording, recordings, responseOf } from './recordings.ts'

/** Answers by origin and path; the query is the business of the test. */
export interface MockedWire {
  readonly server: SetupServer
  /** Every request seen since the test began. */
  readonly requests: Request[]
  /** Answers this address with a recording until the end of the test. */
  answer(url: string, how: Recording | ((request: Request) => Response | Promise<Response>)): void
}

const placeOf = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/**
 * Mocks the network for the tests of one file. Requests to an address of a recording are answered by the recording whose
 * query is the same, or by the only one of that address.
 */
export function mockWire(): MockedWire {
  const requests: Request[] = []
  const unexpected: string[] = []
  const recorded = recordings(({ url }) => url !== null && URL.canParse(url) && url.startsWith('http'))
  const server = setupServer(
    http.all('*', ({ request }) => {
      const same = recorded.filter(({ url }) => placeOf(url as string) === placeOf(request.url))
      const exact = same.find(({ url }) => new URL(url as string).search === new URL(request.url).search)
      const found = exact ?? (same.length === 1 ? same[0] : undefined)
      if (found !== undefined) return responseOf(found)
      unexpected.push(`${request.method} ${request.url}`)
      return new Response('unexpected', { status: 599 })
    }),
  )
  server.events.on('request:start', ({ request }) => void requests.push(request.clone()))
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
  afterEach(() => {
    server.resetHandlers()
    requests.length = 0
    expect(unexpected.splice(0), 'requests that no test expects').toEqual([])
  })
  afterAll(() => server.close())
  return {
    server,
    requests,
    answer: (url, how) =>
      server.use(http.all(placeOf(url), ({ request }) => (typeof how === 'function' ? how(request) : responseOf(how)))),
  }
}
