public import BootPolicy
public import Configuration

extension ArgumentRules {
    /// The standard lists and the configuration's; who predicts a boot asks by the same rules as the boot itself.
    public init(_ configuration: GuestConfiguration?) {
        self.init(denied: configuration?.deniedArguments ?? [], allowed: configuration?.allowedArguments ?? [])
    }
}
