/**
 * One small request per provider and schema, over the real network: `npm run test:live`. Keyed providers take part when
 * the variables of their keys are set; each answer must hold rows of the past week.
 */
import { describe, expect, test } from 'vitest'
import { builtInProviders } from '../../scripts/provider-docs.ts'
import { createDataClient } from '../../src/client.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Provider } from '../../src/contract/provider.ts'
import { SCHEMAS, type SchemaName } from '../../src/contract/schema.ts'
import type { AssetClass } from '../../src/contract/series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const DAY = 86_400_000

/** Kind of instrument -> one that trades every week. */
const SYMBOLS: readonly (readonly [AssetClass, string])[] = [
  ['crypto', 'BTCUSDT'],
  ['equity', 'AAPL'],
  ['crypto', 'BTC-USD'],
  ['forex', 'EURUSD=X'],
]

const PREFERRED: readonly Interval[] = ['1d', '1h', '4h', '1m']

function symbolFor({ capabilities }: Provider): string {
  const [, symbol] = SYMBOLS.find(([kind]) => capabilities.assetClasses.includes(kind)) ?? ['equity', 'AAPL']
  return capabilities.probe?.symbol ?? symbol
}

const asked = builtInProviders()
  .filter(({ capabilities, name }) => capabilities.invented !== true && name !== 'file')
  .map((provider) => provider.withEnv?.(process.env) ?? provider)
  .flatMap((provider) => provider.capabilities.schemas.map((schema) => [provider.name, schema, provider] as const))

describe.skipIf(process.env.LIVE === undefined)('live', () => {
  test.each(asked)('%s answers %s', { timeout: 120_000 }, async (_name, schema: SchemaName, provider) => {
    if (provider.ready === false) {
      console.log(`${provider.name}: no key, not asked`)
      return
    }
    const client = createDataClient({ storage: createMemoryStorage(), providers: [provider] })
    const interval = PREFERRED.find((one) => provider.capabilities.intervals[one] !== undefined)
    // Actions are rare; trades are many.
    const span = schema === 'actions' ? 400 * DAY : schema === 'trades' ? 60_000 : 7 * DAY
    const end = Date.now() - DAY
    const table = await client.get({
      symbol: symbolFor(provider),
      schema,
      provider: provider.name,
      start: end - span,
      end,
      ...(SCHEMAS[schema].interval === 'always' && interval !== undefined ? { interval } : {}),
    })
    expect(table.numRows).toBeGreaterThan(0)
  })
})
