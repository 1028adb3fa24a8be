import { type EntryReport, type ProductReport, toDatabaseReport } from '../../operations/runOperation.ts'
import type { ActionContext } from './context.ts'

/** What the panel shows of the switch for Redis. */
export const readSwitch = ({
  redis,
}: Pick<ActionContext, 'redis'>): { on: boolean; switchable: boolean } => ({
  on: redis.on,
  switchable: redis.switchable,
})

/** The state of a product. What cannot be read, because its server is off or does not answer, is `unreachable`. */
interface State {
  redis: ReturnType<typeof readSwitch>
  database: ProductReport['database'] | Unreachable
  entries: (EntryReport | ({ cache: EntryReport['cache'] } & Unreachable))[]
}

interface Unreachable {
  state: 'unreachable'
}

/** Reads the state of a product in the database and in the cache, each on its own: either may be away. */
export async function readState(context: ActionContext, id: string): Promise<State> {
  const { catalogue } = context
  const [database, ...entries] = await Promise.all([
    catalogue.stored(id).then(toDatabaseReport).catch(unreachable),
    ...catalogue.kinds.map(({ name: cache, inspect }) =>
      inspect(id).then(
        ({ body: _, loadedAt: __, ...entry }) => ({ cache, ...entry }),
        () => ({ cache, ...unreachable() }),
      ),
    ),
  ])
  return { redis: readSwitch(context), database, entries }
}

const unreachable = (): Unreachable => ({ state: 'unreachable' })
