import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { InvalidCursor } from '../../lib/catalog/errors.ts'
import { openCursors } from '../../lib/catalog/table/cursor.ts'
import { toProblem } from '../../lib/http/toProblem.ts'
import { freshTables } from '../support/dynamodb.ts'

const { db, table } = await freshTables()
const cursors = openCursors({ db, table })
const position = '2026-01-31T12:00:00.000Z#moka-pot'
const cursor = await cursors.sign('listing/kitchen', position)

/** Spells the same bytes another way: four bits of the last character of a signature are not decoded. */
const respell = (cursor: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return cursor.slice(0, -1) + alphabet[alphabet.indexOf(cursor.at(-1) ?? '') ^ 1]
}

describe('a cursor', () => {
  test('returns its position in every process', async () => {
    expect(cursor).toMatch(/^[\w-]+\.[\w-]{22}$/)
    expect(await cursors.read('listing/kitchen', cursor)).toBe(position)
    expect(await openCursors({ db, table }).read('listing/kitchen', cursor)).toBe(position)
    for (const each of ['', 'ü'.repeat(350)])
      expect(await cursors.read('x', await cursors.sign('x', each))).toBe(each)
    await expect(cursors.sign('x', 'ü'.repeat(351))).rejects.toThrow(RangeError)
  })

  const [encoded = '', signature = ''] = cursor.split('.')
  const forged: [string, string][] = [
    ['empty', ''],
    ['without a signature', encoded],
    ['with an empty signature', `${encoded}.`],
    ['truncated', cursor.slice(0, -1)],
    ['truncated at the start', cursor.slice(1)],
    ['lengthened', `${cursor}A`],
    ['for another position', `${Buffer.from(`${position}x`).toString('base64url')}.${signature}`],
    ['with another signature', `${encoded}.${'A'.repeat(22)}`],
    ['spelled another way', respell(cursor)],
    ['padded', `${encoded}==.${signature}`],
    ['followed by a line break', `${cursor}\n`],
    ['with a character outside the alphabet', `${encoded}ü.${signature}`],
    ['with half of a surrogate pair', `\ud83d${cursor}`],
    ['longer than 1 KB', `${'A'.repeat(1025)}.${signature}`],
  ]
  test.each(forged)('that is %s is refused', async (_, text) => {
    await expect(cursors.read('listing/kitchen', text)).rejects.toThrow(InvalidCursor)
  })

  test('with any one character changed is refused', async () => {
    for (let at = 0; at < cursor.length; at++) {
      const text = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1)
      await expect(cursors.read('listing/kitchen', text), text).rejects.toThrow(InvalidCursor)
    }
  })

  test('of another list is refused, even if scope and position joined are the same text', async () => {
    await expect(cursors.read('listing/kitchenware', cursor)).rejects.toThrow(InvalidCursor)
    const other = await cursors.sign('a', 'bc')
    await expect(
      cursors.read('ab', `${Buffer.from('c').toString('base64url')}.${other.split('.')[1]}`),
    ).rejects.toThrow(InvalidCursor)
  })

  test('that is refused becomes a 400 response', () => {
    expect(toProblem(new InvalidCursor())).toMatchObject({ status: 400, code: 'invalid-cursor' })
  })
})

describe('the signing key of cursors', () => {
  test('is the same for processes that create it at the same time', async () => {
    const fresh = await freshTables()
    const processes = Array.from({ length: 8 }, () => openCursors(fresh))
    const made = await Promise.all(processes.map((each) => each.sign('x', '1')))
    expect(new Set(made).size).toBe(1)
    const { Item } = await fresh.db.send(
      new GetCommand({ TableName: fresh.table, Key: { pk: 'SECRET', sk: 'CURSOR' } }),
    )
    expect(Item?.key).toHaveLength(32)
  })

  test('changes if its item is deleted, and then older cursors are refused', async () => {
    const fresh = await freshTables()
    const old = await openCursors(fresh).sign('x', '1')
    await fresh.db.send(new DeleteCommand({ TableName: fresh.table, Key: { pk: 'SECRET', sk: 'CURSOR' } }))
    await expect(openCursors(fresh).read('x', old)).rejects.toThrow(InvalidCursor)
  })

  test('is read once, and again only after a failed read', async () => {
    const fresh = await freshTables()
    let reads = 0
    let failures = 1
    fresh.db.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'GetItemCommand') reads++
        if (failures-- > 0) throw new Error('The database is unavailable')
        return next(args)
      },
      { step: 'initialize' },
    )
    const once = openCursors(fresh)
    await expect(once.sign('x', '1')).rejects.toThrow('unavailable')
    await Promise.all([once.sign('x', '1'), once.sign('x', '2')])
    await once.sign('x', '3')
    expect(reads).toBe(2)
  })

  test('keeps no caller waiting beyond its own signal, while other callers keep waiting', async () => {
    const fresh = await freshTables()
    fresh.db.middlewareStack.add(
      (next) => async (args) => {
        await sleep(200)
        return next(args)
      },
      { step: 'initialize' },
    )
    const slow = openCursors(fresh)
    const hasty = slow.sign('x', '1', AbortSignal.timeout(50))
    const patient = slow.sign('x', '1', AbortSignal.timeout(5000))
    await expect(hasty).rejects.toThrow(/timeout/)
    await expect(patient).resolves.toMatch(/^MQ\./)
  })
})
