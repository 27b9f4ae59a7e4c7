/**
 * Which old versions are kept. Pure.
 * @module
 */
import type { StoreOptions } from './store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Smallest room for history. */
const MIN_BYTES = 2 ** 20

/** What the rule needs of one version. */
export interface VersionFacts {
  readonly version: number
  readonly committedAtMs: number
  /** Bytes of the version itself. */
  readonly sizeBytes: number
  /** Names and sizes of the files that it needs. */
  readonly files: ReadonlyMap<string, number>
}

/**
 * Versions to keep: all of the last hour, then the last of each hour for a day, the last of each day for 30 days, within
 * the bytes allowed; and in any case the last 20 and the pinned ones.
 * @param versions ascending; the last one is the head
 */
export function versionsToKeep(
  versions: readonly VersionFacts[],
  pinned: ReadonlySet<number>,
  nowMs: number,
  rule: StoreOptions['history'],
): Set<number> {
  const head = versions.at(-1)
  const always = new Set([...versions.slice(-Math.max(1, rule.last)).map(({ version }) => version), ...pinned])
  const keep = new Set(always)
  const slots = new Set<string>()
  for (const { version, committedAtMs } of versions.toReversed()) {
    const slot = slotOf(committedAtMs, nowMs, rule, version)
    if (slot === null || slots.has(slot)) continue
    slots.add(slot)
    keep.add(version)
  }
  if (head === undefined) return keep
  const allowed = rule.historyBytes ?? Math.max(MIN_BYTES, 0.2 * sum(head.files.values()))
  const kept = versions.filter(({ version }) => keep.has(version) && version !== head.version)
  let bytes = 0
  const uses = new Map<string, number>()
  for (const { files, sizeBytes } of kept) {
    bytes += sizeBytes
    for (const [name, size] of files) {
      if (head.files.has(name)) continue
      if (!uses.has(name)) bytes += size
      uses.set(name, (uses.get(name) ?? 0) + 1)
    }
  }
  for (const { version, sizeBytes, files } of kept) {
    if (bytes <= allowed) break
    if (always.has(version)) continue
    keep.delete(version)
    bytes -= sizeBytes
    for (const [name, size] of files) {
      const left = (uses.get(name) ?? 0) - 1
      uses.set(name, left)
      if (left === 0) bytes -= size
    }
  }
  return keep
}

/** Of all versions in one slot the last is kept; null = too old for any. */
function slotOf(committedAtMs: number, nowMs: number, rule: StoreOptions['history'], version: number): string | null {
  const ageMs = nowMs - committedAtMs
  if (ageMs <= rule.everyMs) return `version ${version}`
  if (ageMs <= rule.hourlyMs) return `hour ${Math.floor(committedAtMs / HOUR_MS)}`
  return ageMs <= rule.dailyMs ? `day ${Math.floor(committedAtMs / DAY_MS)}` : null
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const n of numbers) total += n
  return total
}
