/// Which Sealroot this is. `Packaging/debian/changelog` has the same number.
public enum Release {
    public static let version = "0.1.0"
}
