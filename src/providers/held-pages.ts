/**
 * Pages that a source holds back until it is sure of them: from outside they say nothing, and are not handed over, since
 * a series must not come to be by them.
 * @module
 */
import type { Page, Provider } from '../contract/provider.ts'
import type { HttpProviderFactory, HttpProviderOptions } from './http/define.ts'

/** Does a page say nothing at all: no row, no event, no proof? */
function saysNothing({ columns, proven, actions, historyStartMs }: Page): boolean {
  const isEmpty = columns.timestamp.length === 0 && proven.startMs >= proven.endMs
  return isEmpty && actions === undefined && historyStartMs === undefined
}

async function* telling(pages: AsyncIterable<Page>): AsyncGenerator<Page, void, void> {
  for await (const page of pages) if (!saysNothing(page)) yield page
}

function tellingProvider(provider: Provider): Provider {
  const { withEnv } = provider
  return Object.freeze({
    ...provider,
    fetch: (...asked: Parameters<Provider['fetch']>) => telling(provider.fetch(...asked)),
    ...(withEnv === undefined
      ? {}
      : { withEnv: (env: Parameters<typeof withEnv>[0]) => tellingProvider(withEnv(env)) }),
  })
}

/** The same source, which hands over only the pages that say something. */
export function withoutHeldPages<Options extends HttpProviderOptions>(
  make: HttpProviderFactory<Options>,
): HttpProviderFactory<Options> {
  return (options) => tellingProvider(make(options))
}
