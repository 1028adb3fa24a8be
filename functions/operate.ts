import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { deadlineOf } from '../lib/operations/job.ts'
import { operate } from '../lib/operations/operate.ts'
import type { Operation } from '../lib/operations/operation.ts'

const catalog = openCatalogUpkeep()

/**
 * For `npm run cache -- --stage`, since a deployed cache lies in a private network. No route leads here; who may invoke it
 * is a matter of IAM. What it throws reaches the operator as it is.
 */
export const handler = (operation: Operation, context?: Partial<Context>) =>
  operate(catalog, operation, deadlineOf(context))
