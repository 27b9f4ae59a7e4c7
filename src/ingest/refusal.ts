/**
 * What a source will not serve: ranges that it refuses for good, recorded so that they are not asked for ever.
 * @module
 */
import { type CoverageRecord, rangesIn, recordCoverage } from '../contract/coverage.ts'
import { hasCode } from '../contract/errors.ts'
import { type Range, subtractRanges } from '../contract/range.ts'
import type { EpochMs } from '../contract/time.ts'

/** A range that was asked and refused, or that the source is known not to reach back to. */
export interface Refusal {
  readonly range: Range
  readonly reason: 'not-entitled' | 'outside-history'
  readonly requestId: string
  readonly asOfMs: EpochMs
  /** Was the source asked, so that it is asked again later? False where its table of capabilities says enough. */
  readonly wasAsked: boolean
}

/** Why a source refused a range; null where it failed otherwise. */
export function refusalReason(error: unknown): Refusal['reason'] | null {
  if (hasCode(error, 'provider/forbidden')) return 'not-entitled'
  return hasCode(error, 'provider/unsupported') ? 'outside-history' : null
}

/** Writes refusals over what is not known; what was proven once stays proven. */
export function recordRefusals(coverage: readonly CoverageRecord[], refusals: readonly Refusal[]): CoverageRecord[] {
  let out: CoverageRecord[] = [...coverage]
  for (const { range, reason, requestId, asOfMs } of refusals) {
    for (const part of subtractRanges([range], rangesIn(out, ['data', 'empty', 'partial']))) {
      out = recordCoverage(out, { ...part, state: 'unavailable', reason, requestId, asOfMs })
    }
  }
  return out
}

/**
 * Asks requests in order, oldest first. Where one is refused, the first that is not is found by bisection: a source that
 * refuses a range serves none that is older.
 * @param ask asks one; true = refused, false = served
 * @param onRefused told the refused stretch `[first, end)`, of which those between were not asked
 */
export async function askServed(
  total: number,
  ask: (i: number) => Promise<boolean>,
  onRefused: (first: number, end: number) => void,
): Promise<void> {
  const done = new Set<number>()
  for (let i = 0; i < total; i++) {
    if (done.has(i) || !(await ask(i))) continue
    let [refused, served] = [i, total]
    while (served - refused > 1) {
      const middle = (refused + served) >> 1
      if (await ask(middle)) refused = middle
      else {
        done.add(middle)
        served = middle
      }
    }
    onRefused(i, served)
    i = served - 1
  }
}
