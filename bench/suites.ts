/**
 * Everything that is measured in one process, in order.
 * @module
 */
import { appendSuite } from './cases/append.ts'
import { monthSuite } from './cases/month.ts'
import { FULL_READ_GOALS, readSuite } from './cases/read.ts'
import { smallSeriesSuite } from './cases/small-series.ts'
import { WRITE_GOALS, writeSuite } from './cases/write.ts'
import { MINUTE_MS, inventBars, recordedBars } from './data.ts'
import type { Suite } from './harness.ts'

/** A suite that is prepared when its turn comes, so that its data lives no longer than it. */
export interface PlannedSuite {
  readonly name: string
  readonly prepare: () => Promise<Suite>
}

const YEAR_ROWS = 525_600
const DAY_ROWS = 1440

/** The suites; `isQuick` takes a tenth of the rows and shows that they work, not how fast. */
export function plannedSuites(isQuick: boolean): readonly PlannedSuite[] {
  const tenYears = isQuick ? YEAR_ROWS : 10 * YEAR_ROWS
  const minutes = (rows: number, prices: 'tick' | 'full') => inventBars({ rows, stepMs: MINUTE_MS, prices })
  const repeats = (full: number): number => (isQuick ? 2 : full)
  const recordings = recordedBars()
  return [
    {
      name: 'full-read',
      prepare: () =>
        readSuite({
          name: 'full-read',
          about: `${tenYears} one-minute bars into one Arrow batch`,
          bars: minutes(tenYears, 'tick'),
          repeats: repeats(7),
          goals: FULL_READ_GOALS,
        }),
    },
    { name: 'month', prepare: () => monthSuite(minutes(tenYears, 'tick'), repeats(25)) },
    {
      name: 'append',
      prepare: () =>
        appendSuite({
          bars: minutes((isQuick ? YEAR_ROWS : 5_000_000) + 40 * DAY_ROWS, 'tick'),
          lengths: [50_400, isQuick ? 10 * 50_400 : 5_000_000],
          repeats: repeats(20),
        }),
    },
    { name: 'small-series', prepare: () => smallSeriesSuite(isQuick ? 50 : 500, 2500, repeats(9)) },
    {
      name: 'write',
      prepare: () =>
        writeSuite({
          name: 'write',
          about: `one symbol-year (${YEAR_ROWS} minute bars) from memory`,
          bars: minutes(YEAR_ROWS, 'tick'),
          repeats: repeats(9),
          goals: WRITE_GOALS,
          mostBytesPerRow: 11.5,
        }),
    },
    {
      name: 'worst-read',
      prepare: () =>
        readSuite({
          name: 'worst-read',
          about: `${YEAR_ROWS} minute bars whose prices use every bit, into one Arrow batch`,
          bars: minutes(YEAR_ROWS, 'full'),
          repeats: repeats(7),
        }),
    },
    {
      name: 'worst-write',
      prepare: () =>
        writeSuite({
          name: 'worst-write',
          about: `${YEAR_ROWS} minute bars whose prices use every bit, from memory`,
          bars: minutes(YEAR_ROWS, 'full'),
          repeats: repeats(5),
        }),
    },
    ...recordings.flatMap(({ name, bars }, i) => [
      {
        name: `recorded-read-${i + 1}`,
        prepare: () =>
          readSuite({
            name: `recorded-read-${i + 1}`,
            about: `${name}: ${bars.timestamp.length} bars`,
            bars,
            repeats: repeats(15),
            isDense: false,
          }),
      },
      {
        name: `recorded-write-${i + 1}`,
        prepare: () =>
          writeSuite({
            name: `recorded-write-${i + 1}`,
            about: `${name}: ${bars.timestamp.length} bars`,
            bars,
            repeats: repeats(9),
          }),
      },
    ]),
  ]
}
