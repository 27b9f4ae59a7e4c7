/**
 * Days that move: Easter, nth weekdays, and the festivals of East Asia that follow a formula.
 * @module
 */
import { type EpochDay, type WeekdayNumber, dayOf, weekdayOf } from './day.ts'

/** Easter Sunday of the Western churches (Gregorian computus, "Anonymous Gregorian algorithm", Meeus 1991, ch. 8). */
export function easter(year: number): EpochDay {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const rest = year % 100
  const shift = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * golden + century - Math.floor(century / 4) - shift + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  const days = epact + toSunday - 7 * late + 114
  return dayOf(year, Math.floor(days / 31), (days % 31) + 1)
}

/** Easter Sunday of the Orthodox churches (Julian computus, Meeus 1991, ch. 8), as a Gregorian date. */
export function orthodoxEaster(year: number): EpochDay {
  const moon = (19 * (year % 19) + 15) % 30
  const toSunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
  const days = moon + toSunday + 114
  const century = Math.floor(year / 100)
  const julianLag = century - Math.floor(century / 4) - 2
  return dayOf(year, Math.floor(days / 31), (days % 31) + 1 + julianLag)
}

/** The nth such weekday of a month (`n` 1–5, or -1 for the last, …), or null where the month has none. */
export function nthWeekday(year: number, month: number, weekday: WeekdayNumber, n: number): EpochDay | null {
  const first = dayOf(year, month, 1)
  const end = dayOf(year, month + 1, 1)
  const day =
    n > 0
      ? first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (n - 1)
      : end - 1 - ((weekdayOf(end - 1) - weekday + 7) % 7) + 7 * (n + 1)
  return day >= first && day < end ? day : null
}

/** Ching Ming in the calendar of Hong Kong and China; checked for 1960–2049. */
export function chingMing(year: number): EpochDay {
  const rest = year % 100
  return dayOf(year, 4, Math.floor(rest * 0.2422 + (year < 2000 ? 5.59 : 4.81)) - Math.floor(rest / 4))
}

const equinoxDay = (year: number, base: number): number =>
  Math.floor(base + 0.242194 * (year - 1980) - Math.floor((year - 1980) / 4))

/** Vernal Equinox Day in Japan, by the usual approximation for 1980–2099. */
export function japanVernalEquinox(year: number): EpochDay {
  return dayOf(year, 3, equinoxDay(year, 20.8431))
}

/** Autumnal Equinox Day in Japan, by the usual approximation for 1980–2099. */
export function japanAutumnalEquinox(year: number): EpochDay {
  return dayOf(year, 9, equinoxDay(year, 23.2488))
}

/** Movable days that every table may name, such as `easter-2`. */
export const MOVABLE: Readonly<Record<string, (year: number) => EpochDay>> = {
  easter,
  orthodox: orthodoxEaster,
  'ching-ming': chingMing,
  'japan-vernal-equinox': japanVernalEquinox,
  'japan-autumnal-equinox': japanAutumnalEquinox,
}
