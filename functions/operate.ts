import type { Context } from 'aws-lambda'
import { openCatalogUpkeep } from '../lib/catalog/upkeep.ts'
import { getDeadline } from '../lib/operations/job.ts'
import type { Operation } from '../lib/operations/operation.ts'
import { runOperation } from '../lib/operations/runOperation.ts'

const catalog = openCatalogUpkeep()

/**
 * Runs `npm run cache -- --stage`, which cannot reach a deployed cache itself, since the cache is in a private network. The
 * function has no HTTP route; IAM decides who may invoke it. Its errors reach the operator unchanged.
 */
export const handler = (operation: Operation, context?: Partial<Context>) =>
  runOperation(catalog, operation, getDeadline(context))
