/**
 * What a store keeps, names and gives up.
 * @module
 */
import { rowCount } from '../contract/columns.ts'
import type { Snapshot } from '../contract/storage.ts'
import { type Case, firstBars, store } from './storage-cases.ts'
import { BARS, barRun, check, checkRejects, checkRows, checkSame } from './storage-checks.ts'

const STRANGE = [
  'aapl',
  'AAPL',
  'Aapl',
  'BRK.B',
  'BRK/B',
  '^GSPC',
  'ES=F',
  'ES.c.0',
  'ES.C.0',
  '..',
  '../x',
  'CON',
  'nul.txt',
  'A.',
  '.A',
  'BTC/USDT:USDT',
  '株式',
  '%41',
  'A~1',
  '~',
  'x'.repeat(64),
]

/** Cases of the contract. */
export const KEEPING: readonly Case[] = [
  {
    name: 'symbols of any shape are series of their own, also where only case differs',
    async body(storage, place) {
      for (const [i, symbol] of STRANGE.entries()) {
        await store(storage, { ...BARS, symbol }, null, { upsert: barRun(i, 1) })
      }
      const reader = storage.capabilities.durable ? place.open() : storage
      const found = await reader.list()
      checkSame(found.map(({ series }) => series.symbol).toSorted(), STRANGE.toSorted(), 'symbols')
      for (const { series, head } of found) {
        checkRows(await reader.read(head, {}), barRun(STRANGE.indexOf(series.symbol), 1), series.symbol)
      }
    },
  },
  {
    name: 'what is committed is there for the next instance',
    needs: (storage) => storage.capabilities.durable,
    async body(storage, place) {
      const first = await firstBars(storage)
      await store(storage, BARS, first, { upsert: barRun(10, 5) })
      const again = place.open()
      const head = (await again.head(BARS)) as Snapshot
      checkSame(head.version, 2, 'version')
      checkRows(await again.read(head, {}), barRun(0, 15), 'rows')
      check(!storage.capabilities.files || (await again.files(head)).length > 0, 'there are no files')
    },
  },
  {
    name: 'a pin keeps its version and names it; without one an old version goes',
    async body(storage) {
      let head = await firstBars(storage)
      const pin = await storage.pin(BARS, 1, 'before')
      checkSame([pin.name, pin.version, pin.hash], ['before', 1, head.hash], 'pin')
      checkSame(await storage.pin(BARS, 1, 'before'), pin, 'the same pin again')
      const first = head
      const second = await store(storage, BARS, head, { upsert: barRun(0, 10, 200) })
      head = second
      await checkRejects('config/option', () => storage.pin(BARS, 2, 'before'))
      for (let i = 0; i < 70; i++) head = await store(storage, BARS, head, { upsert: barRun(0, 10, 300 + i) })
      await storage.maintain({ kind: 'collect', series: BARS, graceMs: 0 })
      checkSame((await storage.snapshot(BARS, 'before')).hash, first.hash, 'pinned')
      checkRows(await storage.read(first, {}), barRun(0, 10), 'rows of the pinned version')
      const pins = (await storage.history(BARS)).find(({ version }) => version === 1)?.pins
      checkSame(pins, ['before'], 'pins in the history')
      await checkRejects('config/option', () => storage.drop(BARS))
      await storage.unpin(BARS, 'before')
      await storage.unpin(BARS, 'before')
      await checkRejects('storage/snapshot-expired', () => storage.snapshot(BARS, 'before'))
      await checkRejects('storage/snapshot-expired', () => storage.snapshot(BARS, 999))
      await checkRejects('storage/snapshot-expired', () => storage.pin(BARS, 999, 'never'))
      const versions = (await storage.history(BARS)).map(({ version }) => version)
      check(versions.length >= 20 && versions[0] === 72, `the last versions are not there: ${versions.join(' ')}`)
      checkSame(
        versions,
        versions.toSorted((a, b) => b - a),
        'newest first',
      )
    },
  },
  {
    name: 'a dropped series is gone with its versions, and can begin again',
    async body(storage) {
      const first = await firstBars(storage)
      await storage.writeNote(BARS, 'status', '{}')
      await storage.drop(BARS)
      checkSame(
        [await storage.head(BARS), await storage.list(), await storage.readNote(BARS, 'status')],
        [null, [], null],
        'left',
      )
      await checkRejects('storage/snapshot-expired', () => storage.read(first, {}))
      await storage.drop(BARS)
      const again = await store(storage, BARS, null, { upsert: barRun(5, 2) })
      checkSame(again.version, 1, 'version')
      checkRows(await storage.read(again, {}), barRun(5, 2), 'rows')
      await checkRejects('storage/snapshot-expired', () => storage.read(first, {}))
    },
  },
  {
    name: 'notes are written whole and read back; without one there is null',
    async body(storage) {
      checkSame(await storage.readNote(BARS, 'status'), null, 'before')
      for (const text of ['', '{"a":1}', 'ü'.repeat(100_000), 'short']) {
        await storage.writeNote(BARS, 'status', text)
        check((await storage.readNote(BARS, 'status')) === text, 'the note differs')
      }
      await checkRejects('config/option', () => storage.writeNote(BARS, '../x', ''))
      checkSame(await storage.list(), [], 'a note alone is no series')
    },
  },
  {
    name: 'exclusive work on one series waits for its turn, and a failure gives the turn back',
    async body(storage) {
      const seen: string[] = []
      const work = (name: string) =>
        storage.exclusive(BARS, async () => {
          seen.push(`${name} begins`)
          await Promise.resolve()
          await storage.head(BARS)
          seen.push(`${name} ends`)
          if (name === 'b') throw new Error('b fails')
          return name
        })
      const results = await Promise.allSettled([work('a'), work('b'), work('c')])
      checkSame(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
        'results',
      )
      const turns = seen.map((line) => line.split(' ')[0])
      checkSame(
        turns.filter((name, i) => i % 2 === 0 && turns[i + 1] !== name),
        [],
        'interleaved',
      )
      const reason = new Error('enough')
      const thrown = await storage
        .exclusive(BARS, async () => 1, AbortSignal.abort(reason))
        .catch((error: unknown) => error)
      check(thrown === reason, 'an aborted wait does not reject with the reason')
      await storage.exclusive(BARS, () => firstBars(storage))
      await storage.exclusive({ ...BARS, symbol: 'A' }, () =>
        storage.exclusive({ ...BARS, symbol: 'B' }, async () => 1),
      )
    },
  },
  {
    name: 'maintenance loses nothing, explains itself and comes to rest',
    async body(storage) {
      let head = await firstBars(storage)
      for (let i = 0; i < 6; i++) head = await store(storage, BARS, head, { upsert: barRun(10 + 1_500 * i, 1_500) })
      const before = await storage.read(head, {})
      for (const kind of ['compact', 'repair', 'collect'] as const) {
        const dry = await storage.maintain({ kind, series: BARS, dryRun: true })
        checkSame([dry.dryRun, dry.version], [true, null], `${kind}, dry run`)
        checkSame((await storage.head(BARS))?.version, head.version, `${kind}, version after a dry run`)
        const done = await storage.maintain({ kind, series: BARS })
        checkSame(done.actions.length, dry.actions.length, `${kind}, actions`)
        head = (await storage.head(BARS)) as Snapshot
        checkRows(await storage.read(head, {}), before, `rows after ${kind}`)
        checkSame((await storage.maintain({ kind, series: BARS })).actions, [], `${kind} again`)
      }
      const report = await storage.verify({ deep: true })
      checkSame([report.ok, report.issues, report.series, report.rows], [true, [], 1, rowCount(before)], 'verification')
    },
  },
]
