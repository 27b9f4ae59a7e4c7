/** Compiled, never run: a user's program that names types of every entry point. */
import { calendar } from 'marketlake/calendars'
import { columnsOf, coverageOf, createDataClient, isDataClientError, type Query } from 'marketlake'
import { binance, synthetic } from 'marketlake/providers'
import { providerContract, storageContract } from 'marketlake/testkit'

type IsAny<T> = 0 extends 1 & T ? true : false

const client = createDataClient({ root: './market-data', providers: [binance(), synthetic({ seed: 1 })] })
const query: Query = { symbol: 'BTCUSDT', interval: '1m', start: '2024-01-01', end: '2024-02-01' }

/** A compiler that cannot read a declaration takes it for `any`; these lines fail then. */
export const readable: false[] = [
  null as unknown as IsAny<typeof client>,
  null as unknown as IsAny<Awaited<ReturnType<typeof client.get>>>,
  null as unknown as IsAny<ReturnType<typeof coverageOf>>,
  null as unknown as IsAny<ReturnType<typeof columnsOf>>,
  null as unknown as IsAny<ReturnType<typeof calendar>>,
  null as unknown as IsAny<typeof providerContract>,
  null as unknown as IsAny<typeof storageContract>,
]

/** What the bars of a month close at. */
export async function closes(): Promise<Float64Array> {
  const bars = await client.get(query)
  const missing: number = coverageOf(bars).missing.length
  if (missing > 0) throw new Error(`${missing} ranges are missing`)
  return columnsOf(bars).close as Float64Array
}

/** Are wrong queries refused by the compiler? */
export async function refused(): Promise<void> {
  // @ts-expect-error there is no such interval
  await client.get({ symbol: 'BTCUSDT', interval: '1M' })
  try {
    await client.update(query)
  } catch (error) {
    if (isDataClientError(error)) console.error(error.code, error.hint)
  }
}
