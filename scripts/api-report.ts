/**
 * Compares the public API with the reports in api/, one file an entry point; `--write` renews them.
 * Fails when a report differs, and when an exported name has no docstring.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

const root = join(import.meta.dirname, '..')
const write = process.argv.includes('--write')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
const entries = Object.keys(manifest.exports).filter((path) => path !== './package.json')
const quiet = { logLevel: ExtractorLogLevel.None, addToApiReportFile: false }

let failed = 0
for (const entry of entries) {
  const name = entry === '.' ? 'index' : entry.slice(2)
  const reportFolder = join(root, 'api')
  const reportFileName = `${name}.api.md`
  mkdirSync(join(reportFolder, 'temp'), { recursive: true })
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist', `${name}.d.ts`),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder: join(reportFolder, 'temp'),
        reportFileName: name,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: quiet },
        tsdocMessageReporting: { default: quiet },
        extractorMessageReporting: { default: quiet },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  })
  const result = Extractor.invoke(config, { localBuild: write, messageCallback: (message) => (message.handled = true) })
  const report = readFileSync(join(reportFolder, 'temp', reportFileName), 'utf8')
  const undocumented = [...report.matchAll(/\(undocumented\)\nexport (?:declare )?(.*)/g)].map((match) => match[1])
  if (result.apiReportChanged && !write) {
    failed++
    console.error(
      `api/${reportFileName}: the public API changed; run "npm run api", review the difference and commit it`,
    )
  }
  if (undocumented.length > 0) {
    failed++
    console.error(`api/${reportFileName}: without a docstring:\n  ${undocumented.join('\n  ')}`)
  }
}
console.log(failed === 0 ? `api: ${entries.length} reports agree` : `api: ${failed} faults`)
process.exitCode = failed === 0 ? 0 : 1
