import { fileCleanup } from './fileCleanup.ts'
import { startNpxOffline, startServices } from './offline.ts'

/** Starts the services and serverless-offline for the tests of one file, and stops them after the last test. */
export async function startOfflineApi() {
  const afterFile = fileCleanup()
  const services = await startServices()
  afterFile(() => services.stop())
  const offline = await startNpxOffline(services.env)
  afterFile(() => offline.stop())
  return { services, offline }
}
