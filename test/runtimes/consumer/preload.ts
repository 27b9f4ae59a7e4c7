/** Loaded before the quickstart: answers requests without a network. */
import { install } from './wire.ts'

install('mocked')
