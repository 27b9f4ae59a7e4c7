/**
 * Which old versions are kept. Pure.
 * @module
 */
import { DAY_MS, HOUR_MS } from '../../contract/time.ts'
import type { StoreOptions } from './store.ts'


/** Commits between two applications of the rule: each costs a look through the log. */
export const RULE_EVERY_COMMITS = 16

/** Smallest room for history. */
const MIN_BYTES = 2 ** 20

/** What the rule needs of one version. */
export interface VersionFacts {
  readonly version: number
  readonly committedAtMs: number
  /** Bytes of the version itself. */
  readonly sizeBytes: number
}

/** A file that old versions name and the newest one does not: those from `first` to `last`. */
export interface OldFile {
  readonly sizeBytes: number
  /** Inclusive. */
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

/** What the rule decides on. */
export interface HistoryFacts {
  /** Ascending; the last one is the newest. */
  readonly versions: readonly VersionFacts[]
  readonly oldFiles: readonly OldFile[]
  /** Bytes of the files that the newest version names. */
  readonly liveBytes: number
  readonly pinned: ReadonlySet<number>
  /** Commits before the rule is applied again. @default 0 */
  readonly comingCommits?: number
}

/** Bytes that old versions may need. */
export function bytesAllowed({ historyBytes }: StoreOptions['history'], liveBytes: number): number {
  return historyBytes ?? Math.max(MIN_BYTES, 0.2 * liveBytes)
}

/**
 * Versions to keep: all of the last hour, then the last of each hour for a day, the last of each day for 30 days, within
 * the bytes allowed; and in any case the last 20 and the pinned ones.
 */
export function versionsToKeep(facts: HistoryFacts, nowMs: number, rule: StoreOptions['history']): Set<number> {
  const { versions, pinned, liveBytes } = facts
  const always = new Set([...versions.slice(-Math.max(1, rule.last)).map(({ version }) => version), ...pinned])
  const keep = new Set(always)
  const slots = new Set<string>()
  for (const { version, committedAtMs } of versions.toReversed()) {
    const slot = slotOf(committedAtMs, nowMs, rule, version)
    if (slot === null || slots.has(slot)) continue
    slots.add(slot)
    keep.add(version)
  }
  const old = versions.slice(0, -1).filter(({ version }) => keep.has(version))
  const allowed = bytesAllowed(rule, liveBytes)
  const { total, freed } = weigh(old, facts.oldFiles, always)
  // The rule is applied only every so often: what comes until then has its room left free.
  const coming = ((facts.comingCommits ?? 0) * total) / Math.max(1, old.length)
  let bytes = total + coming
  for (const { version, sizeBytes } of old) {
    if (bytes <= allowed) break
    if (always.has(version)) continue
    keep.delete(version)
    bytes -= sizeBytes + (freed.get(version) ?? 0)
  }
  return keep
}

/** Bytes that old versions need, and those that go with each of them when it goes after all older ones. */
function weigh(
  old: readonly VersionFacts[],
  files: readonly OldFile[],
  always: ReadonlySet<number>,
): { total: number; freed: Map<number, number> } {
  const numbers = old.map(({ version }) => version)
  const fixed = numbers.filter((version) => always.has(version))
  const freed = new Map<number, number>()
  let total = old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  for (const { sizeBytes, first, last } of files) {
    const newest = lastUpTo(numbers, last)
    if (newest === undefined || newest < first) continue
    total += sizeBytes
    const holder = lastUpTo(fixed, last)
    if (holder === undefined || holder < first) freed.set(newest, (freed.get(newest) ?? 0) + sizeBytes)
  }
  return { total, freed }
}

/** The greatest of ascending numbers that is not above `most`. */
export function lastUpTo(numbers: readonly number[], most: number): number | undefined {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) <= most) low = middle + 1
    else high = middle
  }
  return numbers[low - 1]
}

/** Of all versions in one slot the last is kept; null = too old for any. */
function slotOf(committedAtMs: number, nowMs: number, rule: StoreOptions['history'], version: number): string | null {
  const ageMs = nowMs - committedAtMs
  if (ageMs <= rule.everyMs) return `version ${version}`
  if (ageMs <= rule.hourlyMs) return `hour ${Math.floor(committedAtMs / HOUR_MS)}`
  return ageMs <= rule.dailyMs ? `day ${Math.floor(committedAtMs / DAY_MS)}` : null
}
