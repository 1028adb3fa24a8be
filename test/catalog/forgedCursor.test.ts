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

/** The last character of a signature has four bits that decode to nothing: another spelling of the same bytes. */
const respelt = (cursor: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return cursor.slice(0, -1) + alphabet[alphabet.indexOf(cursor.at(-1) ?? '') ^ 1]
}

describe('a cursor', () => {
  test('brings back its position, in every process', async () => {
    expect(cursor).toMatch(/^[\w-]+\.[\w-]{22}$/)
    expect(await cursors.read('listing/kitchen', cursor)).toBe(position)
    expect(await openCursors({ db, table }).read('listing/kitchen', cursor)).toBe(position)
    for (const each of ['', 'ü'.repeat(350)])
      expect(await cursors.read('x', await cursors.sign('x', each))).toBe(each)
    await expect(cursors.sign('x', 'ü'.repeat(351))).rejects.toThrow(RangeError)
  })

  const [told = '', signature = ''] = cursor.split('.')
  const forged: [string, string][] = [
    ['empty', ''],
    ['without a signature', told],
    ['with an empty signature', `${told}.`],
    ['truncated', cursor.slice(0, -1)],
    ['truncated at the front', cursor.slice(1)],
    ['lengthened', `${cursor}A`],
    ['of another position', `${Buffer.from(`${position}x`).toString('base64url')}.${signature}`],
    ['with another signature', `${told}.${'A'.repeat(22)}`],
    ['spelt another way', respelt(cursor)],
    ['padded', `${told}==.${signature}`],
    ['followed by a line break', `${cursor}\n`],
    ['with a character of no alphabet', `${told}ü.${signature}`],
    ['with half a surrogate pair', `\ud83d${cursor}`],
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

  test('of another list is refused, however scope and position are cut', async () => {
    await expect(cursors.read('listing/kitchenware', cursor)).rejects.toThrow(InvalidCursor)
    const other = await cursors.sign('a', 'bc')
    await expect(
      cursors.read('ab', `${Buffer.from('c').toString('base64url')}.${other.split('.')[1]}`),
    ).rejects.toThrow(InvalidCursor)
  })

  test('that is refused is a 400', () => {
    expect(toProblem(new InvalidCursor())).toMatchObject({ status: 400, code: 'invalid-cursor' })
  })
})

describe('the key of cursors', () => {
  test('is the same for processes that need the first one at the same time', async () => {
    const fresh = await freshTables()
    const processes = Array.from({ length: 8 }, () => openCursors(fresh))
    const made = await Promise.all(processes.map((each) => each.sign('x', '1')))
    expect(new Set(made).size).toBe(1)
    const { Item } = await fresh.db.send(
      new GetCommand({ TableName: fresh.table, Key: { pk: 'SECRET', sk: 'CURSOR' } }),
    )
    expect(Item?.key).toHaveLength(32)
  })

  test('is another one after its item was deleted, and old cursors are refused', async () => {
    const fresh = await freshTables()
    const old = await openCursors(fresh).sign('x', '1')
    await fresh.db.send(new DeleteCommand({ TableName: fresh.table, Key: { pk: 'SECRET', sk: 'CURSOR' } }))
    await expect(openCursors(fresh).read('x', old)).rejects.toThrow(InvalidCursor)
  })

  test('is read once, and again after a read that failed', async () => {
    const fresh = await freshTables()
    let reads = 0
    let failures = 1
    fresh.db.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'GetItemCommand') reads++
        if (failures-- > 0) throw new Error('The database is away')
        return next(args)
      },
      { step: 'initialize' },
    )
    const once = openCursors(fresh)
    await expect(once.sign('x', '1')).rejects.toThrow('away')
    await Promise.all([once.sign('x', '1'), once.sign('x', '2')])
    await once.sign('x', '3')
    expect(reads).toBe(2)
  })

  test('is not waited for longer than a caller may, while others wait on', async () => {
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
