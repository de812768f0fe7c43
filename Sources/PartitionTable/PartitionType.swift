public import BoundedBytes

/// The types of partition that we look for.
///
/// Source: UAPI group specification 2, "Discoverable Partitions".
extension GUID {
    /// A root partition for x86-64.
    public static let rootX8664 = fixed("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
    /// `/boot` where it is not the EFI system partition.
    public static let extendedBootLoader = fixed("bc13c2ff-59e6-4262-a352-b275fd6f7172")

    /// For the constants above, whose spelling the tests check.
    private static func fixed(_ text: String) -> GUID { GUID(text) ?? .zero }
}
