import { setTimeout as sleep } from 'node:timers/promises'
import type { Upkeep } from '../../catalog/upkeep.ts'
import { RefusedAction } from './catalogue.ts'
import type { ActionContext } from './context.ts'
import { timeoutMs } from './priceChange.ts'

/**
 * Switches Redis off or on. It resolves when the inspector itself reaches Redis again.
 *
 * @throws {RefusedAction} if this Redis cannot be switched, or does not answer within 10 s
 */
export async function switchRedis({ redis, catalogue }: ActionContext, on: boolean): Promise<void> {
  if (!redis.switchable)
    throw new RefusedAction('This Redis cannot be switched off: that needs a plain connection to one server')
  await redis.set(on)
  const end = performance.now() + timeoutMs
  while (on && !(await isReachable(catalogue))) {
    if (performance.now() > end)
      throw new RefusedAction(
        `Redis is on, but it does not answer within ${timeoutMs / 1000} s. Check the output of npm start`,
      )
    await sleep(20)
  }
}

/** Returns whether the inspector reaches Redis. It reads an entry, because the user of the cache may not run PING. */
const isReachable = async ({ kinds }: Upkeep): Promise<boolean> =>
  kinds[0]?.inspect('any').then(
    () => true,
    () => false,
  ) ?? true

/**
 * Does what needs Redis.
 *
 * @throws {RefusedAction} if Redis is off, does not answer, or refuses a command
 */
export async function withRedis<T>({ redis }: ActionContext, work: () => Promise<T>): Promise<T> {
  if (!redis.on) throw new RefusedAction('Redis is off, so nothing was removed. Switch it on first')
  try {
    return await work()
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    throw new RefusedAction(
      name === 'ReplyError'
        ? `Redis refused a command: ${message}`
        : `Redis does not answer: ${message.replace(/\.$/, '')}. Check the output of npm start`,
    )
  }
}
