/// Bounds on what is read, so that a wrong or hostile file costs an error and not the node's memory.
///
/// All of them are told when they are hit, with the file and, where there is one, the place.
package struct SpecLimits: Sendable {
  /// Bytes of one file; a larger one is not even opened.
  package var fileBytes = 16 << 20
  /// Bytes of all files of a source.
  package var sourceBytes = 64 << 20
  /// Files of a source.
  package var files = 4096
  /// Folders within folders.
  package var folderDepth = 8
  /// YAML documents of one file.
  package var documents = 1024
  /// Mappings and lists within each other; what a spec needs is 6.
  package var depth = 32
  /// Scalars, lists and mappings of one file. 100,000 routes with four keys each are 900,000.
  package var nodes = 4_000_000

  package init() {}
}
