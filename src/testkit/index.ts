/**
 * Tests for people who write adapters: what every provider and every store must do, and a server that misbehaves.
 * @module
 */
export { type Vendor, type VendorAnswer, httpOver } from './fake-http.ts'
export {
  type FaultyAnswer,
  type FaultyRequest,
  type FaultyScript,
  type FaultyServer,
  faultyServer,
} from './faulty-server.ts'
export {
  type FailureName,
  type ModelBar,
  type ModelQuery,
  type ProviderContractRunner,
  type VendorModel,
  providerContract,
} from './provider-contract.ts'
export { type StorageContractRunner, type StorageUnderTest, storageContract } from './storage-contract.ts'
