// Returns the origins of the catalogue's own pages for `serverless offline` without `npm start`, by both names of this
// machine. They are spelt as in a browser, which omits port 80.
module.exports = async ({ resolveVariable }) => {
  const port = await resolveVariable("opt:httpPort, '3000'")
  return ['127.0.0.1', 'localhost'].map((name) => new URL(`http://${name}:${port}`).origin).join()
}
