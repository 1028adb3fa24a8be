import type { Upkeep } from '../../catalog/upkeep.ts'
import type { Config } from '../../clients/config.ts'
import type { ChangedPrices } from './priceChange.ts'
import type { RedisSwitch } from './redisSwitch.ts'
import type { RequestLog } from './requestLog.ts'

/** The parts of the stack that the actions use. */
export interface ActionContext {
  config: Config
  catalogue: Upkeep
  requests: RequestLog
  redis: RedisSwitch
  /** The prices that the actions have changed. */
  changed: ChangedPrices
  /** The address of the API behind the proxy. */
  apiUrl: string
  /** The directory of the key for local tokens. */
  dataDirectory: string
}
