import { runCommand } from '../command.ts'
import { composeArguments } from './compose.ts'
import type { RunRecord } from './runRecord.ts'

/**
 * Prints which containers earlier runs left, and removes those from the record that do not run any more. Without an
 * answer from Docker, they may all run.
 */
export async function reportLeftContainers(
  record: RunRecord,
  { env, print, signal }: { env: NodeJS.ProcessEnv; print: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  if (record.containers.length === 0) return
  const args = [...composeArguments, 'ps', '--services', '--status', 'running']
  const listed = await runCommand('docker', args, { timeout: 10_000, env, signal })
  if (listed.ok) {
    const running = listed.out.split('\n').map((line) => line.trim())
    record.removeContainers(record.containers.filter((name) => !running.includes(name)))
  }
  const left = record.containers
  if (left.length > 0)
    print(
      `An earlier npm start left containers: ${left.join(', ')}. The next start that uses them stops them at its end. To stop them yourself: docker compose stop ${left.join(' ')}`,
    )
}
