import type { Context } from 'aws-lambda'
import { openCatalog } from '../lib/catalog/open.ts'
import { operate } from '../lib/catalog/operate.ts'
import type { Operation } from '../lib/catalog/operation.ts'
import { fromEnvironment } from '../lib/config.ts'
import { deadlineOf } from '../lib/deadlineOf.ts'

const catalog = openCatalog(fromEnvironment())

/**
 * For `npm run cache -- --stage`, since a deployed cache lies in a private network. No route leads here; who may invoke it
 * is a matter of IAM. What it throws reaches the operator as it is.
 */
export const handler = (operation: Operation, context?: Partial<Context>) =>
  operate(catalog, operation, deadlineOf(context))
