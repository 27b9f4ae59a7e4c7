/**
 * When markets trade: sessions, breaks, half days and holidays by rule, as tables anyone can write.
 * @module
 */
export { type ExchangeCalendar, defineCalendar } from './calendar.ts'
export { LUNAR_FESTIVALS } from './exchanges/lunar.ts'
export { calendar, calendarNames } from './registry.ts'
export type {
  Bound,
  CalendarSpec,
  Clock,
  Hours,
  IsoDate,
  Observance,
  On,
  Rule,
  RuleTable,
  SessionHours,
  Week,
  Weekday,
  Weekdays,
} from './spec.ts'
export type { Calendar, Segments, Session, Sessions } from '../contract/calendar.ts'
export {
  type Anchor,
  type DayBoundary,
  type Slots,
  countSlots,
  expectedSlots,
  segmentsOf,
  slotsOf,
} from '../contract/slots.ts'
