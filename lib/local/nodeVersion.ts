/** Whether every part of the project supports a Node.js. README and package.json name the same versions. */
const isSupported = (major: number, minor: number): boolean =>
  (major === 22 && minor >= 13) || major === 24 || major >= 26

/**
 * Returns a line about the Node.js that runs npm if the project does not support it, and undefined otherwise. `npm start`
 * works with it anyway: npm runs the project's commands by the Node.js that `npm ci` installs. `npm ci` itself warns.
 *
 * @param userAgent what npm sets as `npm_config_user_agent`, for example `npm/10.8.2 node/v20.20.2 linux x64`
 * @param running the version that runs this process
 */
export function describeUnsupportedNode(
  userAgent: string | undefined,
  running = process.versions.node,
): string | undefined {
  const [, version, major, minor] = /\bnode\/v((\d+)\.(\d+)\S*)/.exec(userAgent ?? '') ?? []
  if (version === undefined || isSupported(Number(major), Number(minor))) return undefined
  return `Some of this project's packages do not support Node.js ${version}. This command runs on its own Node.js ${running}. Install Node.js 24, or 22.13 or a later 22.x, or 26 or later`
}
