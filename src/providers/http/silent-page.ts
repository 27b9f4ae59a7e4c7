/**
 * Pages that say nothing: held back until a source is sure of them, or of a range of which nothing is known yet.
 * @module
 */
import type { Page } from '../../contract/provider.ts'

/** Does a page say nothing at all: no row, no event, no proof, no beginning? Nobody needs to hear it. */
export function isSilent({ columns, proven, actions, historyStartMs }: Page): boolean {
  const isEmpty = columns.timestamp.length === 0 && proven.startMs >= proven.endMs
  return isEmpty && actions === undefined && historyStartMs === undefined
}
