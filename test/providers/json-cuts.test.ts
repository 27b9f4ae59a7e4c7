import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cut, cutOf, parseAround } from '../../src/providers/json-cuts.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A list of these values as bytes, and where some of them stand. */
function listOf(values: readonly unknown[], isCut: (i: number) => boolean): { bytes: Uint8Array; cuts: Cut[] } {
  const cuts: Cut[] = []
  let text = '['
  for (const [i, value] of values.entries()) {
    if (i > 0) text += ','
    const start = bytesOf(text).length
    text += JSON.stringify(value)
    if (isCut(i)) cuts.push({ start, end: bytesOf(text).length })
  }
  return { bytes: bytesOf(`${text}]`), cuts }
}

describe('JSON around values that were cut out', () => {
  it('is the parsed one, each cut known by its number', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.jsonValue(), fc.boolean())), (items) => {
        const { bytes, cuts } = listOf(
          items.map(([value]) => value),
          (i) => items[i]?.[1] === true,
        )
        const whole = JSON.parse(new TextDecoder().decode(bytes)) as unknown[]
        const rest = parseAround(bytes, cuts) as unknown[]
        let count = 0
        const found = rest.map((value, i) => (items[i]?.[1] === true && cutOf(value) === count++ ? whole[i] : value))
        expect(found).toEqual(whole)
        expect(count).toBe(cuts.length)
      }),
    )
  })

  it('is nothing where a text could be taken for a cut, plainly or in escapes', () => {
    const around = (text: string): unknown => parseAround(bytesOf(`[1,${text}]`), [{ start: 1, end: 2 }])
    expect(around('"some text"')).toEqual([expect.any(String), 'some text'])
    expect(around('"AT\\u0026T"')).toEqual([expect.any(String), 'AT&T'])
    const [mark] = around('2') as [string]
    expect(cutOf(mark)).toBe(0)
    for (let i = 0; i < mark.length - 1; i++) {
      const code = mark.charCodeAt(i).toString(16).padStart(4, '0')
      for (const shown of [code, code.toUpperCase()])
        expect(around(`"${mark.slice(0, i)}\\u${shown}${mark.slice(i + 1)}"`)).toBeUndefined()
    }
    expect(around(`"${mark}"`)).toBeUndefined()
    expect(around(`{"${mark}":1}`)).toBeUndefined()
  })

  it.each(['', '[1', '[1]x', '[1]\ufeff', '[1]\u0000', '[1 2]', '"[1]'])('is nothing around the one in %j', (text) => {
    const start = text.indexOf('1')
    expect(parseAround(bytesOf(text), start < 0 ? [] : [{ start, end: start + 1 }])).toBeUndefined()
  })

  it('is of what was sent: bytes that are no text are replaced, and one mark of byte order in front is dropped', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 91, 49, 44, 34, 0xff, 34, 93)
    expect(parseAround(bytes, [{ start: 4, end: 5 }])).toEqual([expect.any(String), '\ufffd'])
  })

  it('knows no other text or value', () => {
    for (const value of ['', 'text', 0, null, undefined, {}, []]) expect(cutOf(value)).toBe(-1)
  })
})
