/**
 * What a writer is told, and what it writes: the same for the writer and for who checks.
 * @module
 */
import type { Range } from '../../src/contract/range.ts'
import { randomFrom } from './random.ts'
import { MINUTE_MS, START_MS } from './world.ts'

/** What one writer does. */
export interface KillJob {
  /** `commits`: through the Storage interface, rows of its own and shared ones · `loads`: through the client. */
  readonly kind: 'commits' | 'loads'
  readonly root: string
  /** File for its notes. */
  readonly notes: string
  readonly seed: number
  /** Number of its first commit. */
  readonly first: number
  /** It ends after so many. */
  readonly operations: number
}

/** Numbers that one writer may use. */
export const NUMBERS_EACH = 2_000
/** Bars that all writers write. */
export const SHARED = 200

/** The bar that only one commit writes. */
export const ownMs = (id: number): number => START_MS + id * MINUTE_MS
/** A bar that many commits write. */
export const sharedMs = (slot: number): number => START_MS - (slot + 1) * MINUTE_MS

/** Shared bars that a commit writes. */
export function sharedSlots(id: number): number[] {
  const random = randomFrom(id)
  return Array.from({ length: SHARED }, (_, slot) => slot).filter(() => random() < 0.05)
}

const HOUR_MS = 3_600_000
/** What loads ask for lies in it. */
export const LOADED: Range = { startMs: Date.UTC(2023, 0, 1), endMs: Date.UTC(2023, 6, 1) }

/** A range of whole hours, 1 to 400 long. */
export function loadRange(seed: number): Range {
  const random = randomFrom(seed)
  const hours = (LOADED.endMs - LOADED.startMs) / HOUR_MS
  const count = 1 + Math.floor(random() * 400)
  const first = Math.floor(random() * (hours - count))
  return { startMs: LOADED.startMs + first * HOUR_MS, endMs: LOADED.startMs + (first + count) * HOUR_MS }
}
