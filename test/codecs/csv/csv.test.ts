import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { valueAt } from '../../../src/contract/columns.ts'
import { type CsvOptions, type CsvTable, createCsvReader, parseCsv, readCsv } from '../../../src/codecs/csv/index.ts'

const values = (table: CsvTable, name: string): unknown[] =>
  Array.from({ length: table.rows }, (_, row) => valueAt(table.columns[name]!, row))

const instants = (table: CsvTable, name: string): string[] => {
  const { wallMs, offsetMs } = table.times[name]!
  return [...wallMs].map(
    (ms, i) => new Date(ms).toISOString() + (Number.isNaN(offsetMs[i]!) ? ' local' : ` ${offsetMs[i]! / 60_000}`),
  )
}

describe('shape of the file', () => {
  test.each([
    ['comma', 'a,b\n1,2\n3,4\n', ','],
    ['semicolon', 'a;b\r\n1;2\r\n3;4', ';'],
    ['tab', 'a\tb\n1\t2\n3\t4\n', '\t'],
    ['bar', 'a|b\r1|2\r3|4\r', '|'],
  ])('finds the separator and line ends: %s', (_, text, delimiter) => {
    const table = parseCsv(text)
    expect(table.delimiter).toBe(delimiter)
    expect(table.names).toEqual(['a', 'b'])
    expect(values(table, 'b')).toEqual([2, 4])
  })

  test('does not count separators inside quotes', () => {
    const table = parseCsv('a;b\n"1,1,1";2\n"3,3,3";4\n')
    expect(table.delimiter).toBe(';')
    expect(values(table, 'a')).toEqual(['1,1,1', '3,3,3'])
  })

  test('drops a byte order mark, also of UTF-16', () => {
    expect(parseCsv('\u{FEFF}a,b\n1,2\n').names).toEqual(['a', 'b'])
    expect(parseCsv(new TextEncoder().encode('\u{FEFF}a,b\n1,2\n')).names).toEqual(['a', 'b'])
    const text = '\u{FEFF}a,b\n1,2\n'
    const utf16 = Uint8Array.from(text, () => 0)
    const bytes = new Uint8Array(text.length * 2)
    for (let i = 0; i < text.length; i++)
      [bytes[2 * i], bytes[2 * i + 1]] = [text.charCodeAt(i) & 255, text.charCodeAt(i) >> 8]
    expect(utf16.length).toBe(text.length)
    expect(values(parseCsv(bytes), 'b')).toEqual([2])
  })

  test('knows a header from data', () => {
    expect(parseCsv('2024-01-01,1\n2024-01-02,2\n')).toMatchObject({
      hasHeader: false,
      names: ['column1', 'column2'],
      rows: 2,
    })
    expect(parseCsv(',Open\n2024-01-01,1\n')).toMatchObject({ hasHeader: true, names: ['column1', 'Open'], rows: 1 })
    expect(parseCsv('a,b\nc,d\n', { header: false }).rows).toBe(2)
    expect(parseCsv('1,2\n3,4\n', { header: true }).names).toEqual(['1', '2'])
  })

  test('numbers repeated names', () => {
    expect(parseCsv('a,a,a_2\n1,2,3\n').names).toEqual(['a', 'a_2', 'a_2_2'])
  })

  test('reads nothing from nothing', () => {
    expect(parseCsv('')).toMatchObject({ rows: 0, names: [] })
    expect(parseCsv('a,b\n')).toMatchObject({ rows: 0, names: ['a', 'b'] })
    expect(parseCsv('\n\n')).toMatchObject({ rows: 0 })
  })

  test('skips empty lines and takes a separator at the end of lines', () => {
    expect(values(parseCsv('a,b\n\n1,2,\n\r\n3,4,\n\n'), 'a')).toEqual([1, 3])
  })
})

describe('quotes', () => {
  test('may hold separators, line ends and doubled quotes', () => {
    const table = parseCsv('a,b\r\n"x, y","say ""hi"""\r\n"two\r\nlines",plain 5" pipe\r\n')
    expect(values(table, 'a')).toEqual(['x, y', 'two\r\nlines'])
    expect(values(table, 'b')).toEqual(['say "hi"', 'plain 5" pipe'])
  })

  test('are refused where they are never closed or followed by text, with the line', () => {
    expect(() => parseCsv('a,b\n1,2\n"3,4\n5,6\n')).toThrow(/data\/invalid.*line 3.*never closed/)
    expect(() => parseCsv('a,b\n"1"x,2\n')).toThrow(/line 2.*closing quote/)
  })

  test('a record without an end does not fill the memory', () => {
    const reader = createCsvReader({ delimiter: ',' })
    const push = (): void => {
      for (let i = 0; i < 100; i++) reader.push(i === 0 ? 'a,b\n"' : 'x'.repeat(50_000))
    }
    expect(push).toThrow(/longer than 1048576/)
  })

  test('property: what is written by the rules is read back, in pieces of any size', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'Z', '"', ',', ';', '\n', '\r', ' ', 'é', '7', '\u{1F600}') })
    const records = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }))
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 7 }), fc.constantFrom('\n', '\r\n', '\r'), (rows, size, end) => {
        const width = rows[0]?.length ?? 1
        const names = Array.from({ length: width }, (_, i) => `n${i}x`)
        const text = [names, ...rows]
          .map((row) => row.map((c) => `"${c.replaceAll('"', '""')}"`).join(',') + end)
          .join('')
        const reader = createCsvReader({ delimiter: ',', header: true, kinds: (all) => all.map(() => 'text') })
        for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size))
        const table = reader.finish()
        expect(table.rows).toBe(rows.length)
        for (const [i, name] of names.entries())
          expect(values(table, name)).toEqual(rows.map((row) => (row[i] === '' ? null : row[i])))
      }),
    )
  })
})

describe('numbers', () => {
  const number = (cell: string, options: CsvOptions = {}): unknown =>
    values(parseCsv(`n|m\n${cell}|1\n`, { kinds: () => ['number', 'number'], ...options }), 'n')[0]

  test.each([
    '0',
    '-0',
    '1',
    '-12.5',
    '1.',
    '.5',
    '+3',
    '1e3',
    '5.330000000000001e-05',
    '96515.0',
    '1.7976931348623157e308',
    '5e-324',
    '123456789012345678',
    '0.1',
    '33.119998931884766',
    '  7 ',
    '00012',
  ])('%s is read as JavaScript reads it', (cell) => {
    expect(number(cell)).toBe(Number(cell))
  })

  test('property: every double is read back to the bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(number(Object.is(value, -0) ? '-0' : String(value))).toBe(value)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(9), (whole, decimals) => {
        const text = (whole / 10 ** decimals).toFixed(decimals)
        expect(number(text)).toBe(Number(text))
      }),
    )
  })

  test.each(['', 'NaN', 'nan', 'null', 'NULL', 'NA', 'N/A', '#N/A', 'None', '-', ' '])(
    '%j is null, never 0',
    (cell) => {
      expect(number(cell)).toBe(null)
    },
  )

  test.each([
    '12abc',
    '0x10',
    '1,5',
    '1.2.3',
    '--1',
    '1e',
    'Infinity',
    '-inf',
    '1e400',
    '12 5',
    '$5',
    '1_000',
    '٣',
    '5%',
    'e5',
    '.',
  ])('%j is refused with line, column and text', (cell) => {
    expect(() => number(cell)).toThrow(/data\/invalid.*line 2.*column n/)
  })

  test('the decimal mark may be a comma', () => {
    expect(number('1234,5', { decimal: ',' })).toBe(1234.5)
    expect(number('-0,1e-3', { decimal: ',' })).toBe(-0.0001)
    expect(() => number('1.234,5', { decimal: ',' })).toThrow(/line 2/)
    expect(() => number('1.5', { decimal: ',' })).toThrow(/line 2/)
  })
})

describe('records', () => {
  test('of another length are refused with the line', () => {
    expect(() => parseCsv('a,b\n1,2\n3\n')).toThrow(/line 3.*1 cells.*2/)
    expect(() => parseCsv('a,b\n1,2\n"3\n",4,5\n')).toThrow(/line 3.*3 cells/)
    expect(() => parseCsv('a,b\n"1\n\n1",2\n3,4,5\n')).toThrow(/line 5.*3 cells/)
  })
})

describe('times', () => {
  const time = (cell: string): string => {
    const table = parseCsv(`t|n\n${cell}|1\n`, { kinds: () => ['time', 'number'] })
    return instants(table, 't')[0]!
  }

  test.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z local'],
    ['20240131', '2024-01-31T00:00:00.000Z local'],
    ['2024/1/5', '2024-01-05T00:00:00.000Z local'],
    ['2024-01-31T09:30:00Z', '2024-01-31T09:30:00.000Z 0'],
    ['2024-01-31 09:30', '2024-01-31T09:30:00.000Z local'],
    ['2018-12-20 09:30:00-05:00', '2018-12-20T09:30:00.000Z -300'],
    ['2024-01-31T09:30:00.123+0530', '2024-01-31T09:30:00.123Z 330'],
    ['2024-01-31 09:30:00 UTC', '2024-01-31T09:30:00.000Z 0'],
    ['20110301 090100', '2011-03-01T09:01:00.000Z local'],
    ['20110301090100', '2011-03-01T09:01:00.000Z local'],
    ['1704067200', '2024-01-01T00:00:00.000Z 0'],
    ['1704067200.5', '2024-01-01T00:00:00.500Z 0'],
    ['1704067200123', '2024-01-01T00:00:00.123Z 0'],
    ['1704067200123456', '2024-01-01T00:00:00.123Z 0'],
    ['1704067200123456789', '2024-01-01T00:00:00.123Z 0'],
    ['1900-01-01', '1900-01-01T00:00:00.000Z local'],
  ])('%s', (cell, expected) => {
    expect(time(cell)).toBe(expected)
  })

  test.each([
    '2024-02-30',
    '2024-13-01',
    '1899-12-31',
    '2100-01-01',
    '0001-01-01',
    '2024-01-01 24:00',
    '01/02/2024',
    '5',
    '99999999',
    'soon',
    '2024-01-01T00:00:61Z',
    '20240131 9',
    '4102444800',
    '100000000000000000000',
    '2024-1/5',
  ])('%s is refused with line, column and text', (cell) => {
    expect(() => time(cell)).toThrow(/data\/invalid.*line 2.*column t/)
  })

  test('keep their nanoseconds', () => {
    const table = parseCsv('t,n\n1704067200123456789,1\n2024-01-01T00:00:00.000000001Z,2\n,3\n', {
      kinds: () => ['time', 'number'],
    })
    expect([...table.times['t']!.nanos!]).toEqual([456_789, 1, 0])
    expect(table.times['t']!.wallMs[2]).toBeNaN()
    expect(table.times['t']!.isDates).toBe(false)
  })

  test('property: an instant in any unit and notation is the same instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1974, 0), max: Date.UTC(2099, 0) }), (ms) => {
        const iso = new Date(ms).toISOString()
        expect(time(iso)).toBe(`${iso} 0`)
        expect(time(String(ms))).toBe(`${iso} 0`)
        expect(time(`${ms}000`)).toBe(`${iso} 0`)
        expect(time(`${ms}000000`)).toBe(`${iso} 0`)
        expect(time(String(Math.floor(ms / 1000)))).toBe(`${iso.slice(0, 19)}.000Z 0`)
      }),
    )
  })
})

describe('kinds', () => {
  test('are found: numbers, times, text; a column of nulls is text', () => {
    const table = parseCsv('t,n,s,x\n2024-01-01,1,a,\n2024-01-02,,b,\n')
    expect(Object.keys(table.times)).toEqual(['t'])
    expect(values(table, 'n')).toEqual([1, null])
    expect(values(table, 's')).toEqual(['a', 'b'])
    expect(values(table, 'x')).toEqual([null, null])
  })

  test('a number among text makes text, whatever comes first', () => {
    expect(values(parseCsv('s,k\n1,1\nx,2\n'), 's')).toEqual(['1', 'x'])
  })

  test('skipped columns are not read and not returned', () => {
    const table = parseCsv('a,b\n1,oops\n', { kinds: () => ['number', 'skip'] })
    expect(Object.keys(table.columns)).toEqual(['a'])
  })
})

describe('bytes', () => {
  async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }

  test('in pieces that cut characters and line ends give the same table', async () => {
    const bytes = new TextEncoder().encode('näme,n\r\n"ü\r\n€",1\r\n\u{1F600},2\r\n')
    for (const size of [1, 2, 3, 5, 100]) {
      const table = await readCsv(pieces(bytes, size))
      expect(table.names).toEqual(['näme', 'n'])
      expect(values(table, 'näme')).toEqual(['ü\r\n€', '\u{1F600}'])
    }
  })

  test('that are no text are refused', () => {
    expect(() => parseCsv(Uint8Array.of(97, 44, 98, 10, 0xff, 0xfe, 0xc0))).toThrow(/UTF-8/)
  })

  test('count lines right when a line end comes in two pieces', () => {
    const reader = createCsvReader({ delimiter: ',', header: true })
    const push = (): void => {
      for (const character of 'a,b\r\n1,2\r\n3,4\r\n5\r\n') reader.push(character)
    }
    expect(push).toThrow(/line 4/)
  })

  test('a large file is read in order', () => {
    const rows = 50_000
    const text = `i,x\n${Array.from({ length: rows }, (_, i) => `${i},${i / 8}`).join('\n')}\n`
    const table = parseCsv(new TextEncoder().encode(text))
    expect(table.rows).toBe(rows)
    expect(values(table, 'x').at(-1)).toBe((rows - 1) / 8)
  })
})
