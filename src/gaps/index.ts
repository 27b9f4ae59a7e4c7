/**
 * What is missing in a series, and why.
 * @module
 */
export { type GapDetectorOptions, createGapDetector } from './detector.ts'
export type { Gap, GapDetector, GapInput, GapReport } from '../contract/gap-detector.ts'
