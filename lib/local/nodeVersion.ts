/** The oldest Node.js that every part of the project supports. README and package.json name it too. */
const oldest = { major: 22, minor: 13 }

/**
 * Returns a line about the Node.js that runs npm if it is too old, and undefined otherwise. `npm start` works with it
 * anyway: npm runs the project's commands by the Node.js that `npm ci` installs. `npm ci` itself warns.
 *
 * @param userAgent what npm sets as `npm_config_user_agent`, for example `npm/10.8.2 node/v20.20.2 linux x64`
 * @param running the version that runs this process
 */
export function describeOldNode(
  userAgent: string | undefined,
  running = process.versions.node,
): string | undefined {
  const [, version, major, minor] = /\bnode\/v((\d+)\.(\d+)\S*)/.exec(userAgent ?? '') ?? []
  if (version === undefined) return undefined
  const isOld =
    Number(major) < oldest.major || (Number(major) === oldest.major && Number(minor) < oldest.minor)
  return isOld
    ? `Node.js ${version} is too old for some of this project's packages. This command runs on its own Node.js ${running}. Install Node.js 24, or at least ${oldest.major}.${oldest.minor}`
    : undefined
}
