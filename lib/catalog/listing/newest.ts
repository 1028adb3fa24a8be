import { inParallel } from '../../project/inParallel.ts'
import type { TableAccess } from '../table/access.ts'
import { query } from '../table/query.ts'
import { type IndexKey, isPosition } from './position.ts'

/**
 * How many positions each category is asked for at least. The largest are 516 bytes, so seven cost half a read unit.
 */
const fewest = 7

/** Returns how many positions each of some categories is asked for, if together they shall return `count`. */
const shareOf = (count: number, categories: number) =>
  Math.max(fewest, fewest * Math.floor(count / (fewest * categories)))

/**
 * How many categories are asked at the same time. The home page merges eight listings at once, and the SDK's 50
 * connections have to serve them before its 300 ms for a connection are over.
 */
const atOnce = 16

/** What has been read of one category: its newest positions, newest first. */
interface Source {
  category: string
  positions: string[]
  /** Whether the category has no more positions. */
  isRead: boolean
}

/**
 * Reads the newest positions of several categories together, newest first.
 *
 * Requests: Queries of the index `byCategory`, keys only, eventually consistent. Each category is first asked for twice
 * its share of `count`, and for seven positions at least. Only a category whose positions are all among the newest is
 * asked again. These categories share `count` among themselves. So a further round costs what `count` positions cost,
 * and at least doubles what has been read of each: for 100 categories there are four further rounds at most.
 *
 * For 100 categories and 101 positions of 516 bytes, the dearest spread found costs 72 read units: 50 for the first
 * round, then 7, 7, 5.5 and 2.5. In it each category holds a block of the newest products, one block after the other.
 * test/functions/readCost.test.ts builds it.
 *
 * @param after only positions older than this; without it, the newest
 * @throws what the SDK throws
 */
export async function readNewest(
  access: TableAccess,
  categories: readonly string[],
  { after, count }: { after: string | undefined; count: number },
): Promise<string[]> {
  const sources = categories.map((category): Source => ({ category, positions: [], isRead: false }))
  let newest: string[] = []
  let atMost = Math.max(fewest, Math.ceil((2 * count) / categories.length))
  /** Returns how many more positions of a category may be among the newest. */
  const stillWanted = ({ positions, isRead }: Source) => {
    if (isRead) return 0
    const oldest = positions.at(-1)
    if (oldest === undefined) return count
    const asNew = newest.findLastIndex((position) => position >= oldest) + 1
    return count - asNew
  }
  for (let open = sources; open.length > 0; atMost = shareOf(count, open.length)) {
    await inParallel(open, { atOnce }, async (source) => {
      const wanted = Math.min(atMost, stillWanted(source))
      const found = await readPositions(access, source.category, {
        after: source.positions.at(-1) ?? after,
        count: wanted,
      })
      source.positions.push(...found)
      source.isRead = found.length < wanted
    })
    newest = [...new Set(sources.flatMap(({ positions }) => positions))].sort().reverse().slice(0, count)
    open = sources.filter((source) => stillWanted(source) > 0)
  }
  return newest
}

/**
 * Reads the positions of the newest products with exactly this category, newest first. What is not a position is left
 * out.
 */
async function readPositions(
  access: TableAccess,
  category: string,
  { after, count }: { after: string | undefined; count: number },
): Promise<string[]> {
  const found = query<IndexKey>(access, {
    IndexName: 'byCategory',
    KeyConditionExpression: after ? 'category = :category AND listedAt < :after' : 'category = :category',
    ExpressionAttributeValues: { ':category': category, ...(after && { ':after': after }) },
    ProjectionExpression: 'pk, listedAt',
    ScanIndexForward: false,
    Limit: count,
  })
  const positions: string[] = []
  for await (const key of found) if (isPosition(key) && positions.push(key.listedAt) === count) break
  return positions
}
