import type { Redis } from 'ioredis'
import { defineCommands } from '../../lib/cacheAside/redis/commands.ts'
import type { Token } from './key.ts'
import { callerPartText, entryText, id, parseToken, tokenText } from './keyText.ts'

/** Returns the scripts of lib/cacheAside as functions of one key. */
export function scriptsOn(redis: Redis) {
  defineCommands(redis)
  return {
    /**
     * @param main for a side key: the main key, and the fill id of the entry that it must hold
     * @returns the lease that is now held, the text that the key holds instead, or `gone`
     */
    async lease(
      key: string,
      { caller, ms, seen }: { caller: Token; ms: number; seen: Token | undefined },
      main?: { key: string; fillId: Token },
    ) {
      const fillToReplace = seen === undefined ? '' : tokenText(seen)
      const request = [callerPartText(caller), ms, fillToReplace, id] as const
      const answer = main
        ? await redis.cacheAsideLeaseSideEntry(key, main.key, ...request, tokenText(main.fillId))
        : await redis.cacheAsideLease(key, ...request)
      if (main && answer === '') return 'gone'
      return answer.startsWith('T') ? { token: parseToken(answer.slice(1)) } : { text: answer }
    },
    fill: (key: string, token: Token, { version, px }: { version: number; px: number }) =>
      redis.cacheAsideFill(key, tokenText(token), entryText({ version, fillId: token }), px, version),
    /** @param main the main key, and the fill id of the entry that it must hold */
    fillSideEntry(
      key: string,
      main: { key: string; fillId: Token },
      token: Token,
      { version, px }: { version: number; px: number },
    ) {
      const text = entryText({ version, fillId: token, of: main.fillId })
      return redis.cacheAsideFillSideEntry(
        ...([key, main.key, tokenText(token), text, px, version, tokenText(main.fillId)] as const),
      )
    },
    /** @param ms how long the failure mark stays; 0 returns the lease */
    release: (key: string, token: Token, ms: number) => redis.cacheAsideRelease(key, tokenText(token), ms),
    /** Returns the lease of a caller that does not know the whole token. */
    returnLease: (key: string, caller: Token) => redis.cacheAsideRelease(key, callerPartText(caller), 0),
    /** @param former the keys of these entries in the former format */
    remove: (keys: string[], former: string[], version: number) =>
      redis.cacheAsideRemove(
        keys.length + former.length,
        ...[...keys, ...former, String(version), String(former.length), id],
      ),
  }
}
